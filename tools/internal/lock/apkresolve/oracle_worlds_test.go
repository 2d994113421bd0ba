package apkresolve

import (
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apkindex"
)

// randomWorlds makes worlds of 1 to 8 names out of what the indexes have: packages and what they provide, some with a
// version, a range or a prefix, some as conflicts.
func randomWorlds(seed uint64, n int, repositories []Repository) [][]string {
	g := worldMaker{random: rand.New(rand.NewPCG(seed, 1)), byName: map[string]*apkindex.Package{}}
	for _, r := range repositories {
		g.packages = append(g.packages, r.Packages...)
	}
	for _, p := range g.packages {
		g.byName[p.Name] = p
		for _, text := range p.Provides {
			if name, version, ok := cutProvide(text); ok && version == "" {
				g.virtuals = append(g.virtuals, name)
			}
		}
	}
	worlds := make([][]string, n)
	for i := range worlds {
		worlds[i] = g.world()
	}
	return worlds
}

type worldMaker struct {
	random   *rand.Rand
	packages []*apkindex.Package
	byName   map[string]*apkindex.Package
	virtuals []string
}

func (g *worldMaker) world() []string {
	size := 1 + g.random.IntN(8)
	used := map[string]bool{} // apk lets the last of two constraints on a name win
	var world []string
	var last *apkindex.Package
	for len(world) < size {
		p := g.packages[g.random.IntN(len(g.packages))]
		var name, text string
		switch dice := g.random.IntN(100); {
		case dice < 50:
			name, text = p.Name, p.Name
		case dice < 72:
			name = p.Name
			text = name + g.version(p.Version)
		case dice < 80 && len(p.Provides) > 0:
			var version string
			name, version, _ = cutProvide(p.Provides[g.random.IntN(len(p.Provides))])
			text = name
			if version != "" && g.random.IntN(2) == 0 {
				text += g.version(version)
			}
		case dice < 86:
			name = g.virtuals[g.random.IntN(len(g.virtuals))]
			text = name
		case dice < 92 && last != nil && len(last.Depends) > 0:
			// Against something that another of the world may need.
			name = strings.TrimPrefix(last.Depends[g.random.IntN(len(last.Depends))], "!")
			if i := strings.IndexAny(name, "<>=~@"); i >= 0 {
				name = name[:i]
			}
			text = "!" + name
		case dice < 97:
			name, text = p.Name, "!"+p.Name
			if g.random.IntN(2) == 0 {
				text += g.version(p.Version)
			}
		default:
			// A package that others of the world may trigger.
			name = [...]string{"docs", "bash-completion", "openrc", "python3", "man-pages", "fish", "zsh", "udev"}[g.random.IntN(8)]
			text = name
		}
		if name == "" || used[name] {
			continue
		}
		used[name] = true
		if !strings.HasPrefix(text, "!") {
			last = p
		}
		world = append(world, text)
	}
	return world
}

var versionPrefix = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?`)

// version is an operator and a version, more often than not one that v meets.
func (g *worldMaker) version(v string) string {
	prefix := versionPrefix.FindString(v)
	if prefix == "" {
		prefix = "0"
	}
	switch g.random.IntN(12) {
	case 0, 1, 2:
		return "=" + v
	case 3, 4:
		return ">=" + v
	case 5:
		return "<=" + v
	case 6, 7:
		return "~" + prefix
	case 8:
		return ">" + prefix
	case 9:
		return ">0"
	case 10:
		return "<" + v
	}
	return "<999999"
}
