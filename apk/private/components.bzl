"""Strongly connected components: what depends on itself through others."""

visibility(["//apk/..."])

def components(edges):
    """Finds the strongly connected components of a graph, in time linear in its size (Tarjan's algorithm).

    Starlark has neither recursion nor while, so the stack of calls is a list, and the loop counts what can happen at
    most: each node is entered and left once, each edge is followed once.

    Args:
        edges: dict of string to list of strings; every target is a key, too

    Returns:
        list of lists of strings: each component sorted, a component after all that it leads to.
    """
    steps = 2 * len(edges)
    for targets in edges.values():
        steps += len(targets)

    found = []
    index = {}  # node -> number in order of discovery
    low = {}  # node -> smallest number on the stack that it leads to
    on_stack = {}
    stack = []
    roots = reversed(edges.keys())
    calls = []  # [node, number of its edges that were followed]
    for _ in range(steps + len(edges) + 1):
        if not calls:
            root = None
            for _ in range(len(roots)):
                root = roots.pop()
                if root not in index:
                    break
                root = None
            if root == None:
                break
            calls.append([root, 0])
            index[root] = len(index)
            low[root] = index[root]
            stack.append(root)
            on_stack[root] = True

        call = calls[-1]
        node = call[0]
        targets = edges[node]
        if call[1] < len(targets):
            target = targets[call[1]]
            call[1] += 1
            if target not in index:
                calls.append([target, 0])
                index[target] = len(index)
                low[target] = index[target]
                stack.append(target)
                on_stack[target] = True
            elif target in on_stack:
                low[node] = min(low[node], index[target])
            continue

        calls.pop()
        if calls:
            parent = calls[-1][0]
            low[parent] = min(low[parent], low[node])
        if low[node] != index[node]:
            continue
        component = []
        for _ in range(len(stack)):
            member = stack.pop()
            on_stack.pop(member)
            component.append(member)
            if member == node:
                break
        found.append(sorted(component))
    return found
