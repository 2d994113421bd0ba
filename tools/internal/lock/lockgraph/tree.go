package lockgraph

// A Node is a package in a tree.
type Node struct {
	Name string
	// InstallIf is set if the package was added because its parent, and perhaps others, are there.
	InstallIf bool
	// Repeated is set if the package stands in the tree before with all its children, which are left out here.
	Repeated bool
	Children []*Node
}

// Tree returns a tree for each root, in their order. Every package stands in it with its children once, and every way
// that leads to it is shown.
func (g *Graph) Tree() []*Node {
	seen := make(map[string]bool)
	var nodes []*Node
	for _, root := range g.roots {
		nodes = append(nodes, g.node(Step{Name: root}, seen))
	}
	return nodes
}

func (g *Graph) node(s Step, seen map[string]bool) *Node {
	n := &Node{Name: s.Name, InstallIf: s.InstallIf}
	next := g.next(s.Name)
	if seen[s.Name] {
		n.Repeated = len(next) > 0
		return n
	}
	seen[s.Name] = true
	for _, step := range next {
		n.Children = append(n.Children, g.node(step, seen))
	}
	return n
}
