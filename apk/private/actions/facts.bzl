"""The ApkFacts action: the only one that reads a package's bytes to build an image."""

load("//oci/private:ocibuild.bzl", "ocibuild_args", "ocibuild_run")
load("//oci/private:ocifetch.bzl", "ocifetch_run")

visibility(["//apk/..."])

def apk_facts(ctx, *, apk = None, download = None, expect = None):
    """Declares facts of a package, and its layer descriptor where no lock has it.

    Args:
        ctx: context of a rule with OCIBUILD_ATTRS
        apk: File, or None if download is given
        download: string as download_spec returns it: the action itself gets the package
        expect: dict, members of the lock's entry that the package has to match, or None

    Returns:
        struct of facts, descriptor and elf, a list of ELF files, Files; the latter two None if expect is given
    """
    facts = ctx.actions.declare_file(ctx.label.name + ".facts.json")
    descriptor = None
    elf = None
    outputs = [facts]
    args = ocibuild_args(ctx)
    args.add(facts, format = "--facts-out=%s")
    if expect:
        args.add(json.encode(expect), format = "--expect=%s")
    else:
        descriptor = ctx.actions.declare_file(ctx.label.name + ".layer.json")
        args.add(descriptor, format = "--layer-out=%s")
        elf = ctx.actions.declare_file(ctx.label.name + ".elf.json")
        args.add(elf, format = "--elf-out=%s")
        outputs.extend([descriptor, elf])
    if download:
        ocifetch_run(
            ctx,
            args = args,
            downloads = [download],
            flag = "--apk",
            inputs = [],
            mnemonic = "ApkFacts",
            outputs = outputs,
            progress_message = "Fetching and reading %s" % json.decode(download)["name"],
            subcommand = "facts",
        )
        return struct(descriptor = descriptor, elf = elf, facts = facts)
    args.add(apk, format = "--apk=%s")
    ocibuild_run(
        ctx,
        subcommand = "facts",
        args = args,
        inputs = [apk],
        outputs = outputs,
        mnemonic = "ApkFacts",
        progress_message = "Reading %{input}",
    )
    return struct(descriptor = descriptor, elf = elf, facts = facts)
