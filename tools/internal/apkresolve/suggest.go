package apkresolve

// unknown is the error for a name that nothing has.
func (c *catalog) unknown(name string) *UnknownName {
	return &UnknownName{Arch: c.request.Arch, Name: name, Suggestion: c.nearest(name)}
}

// nearest gives the name of a package, or else one that is provided, that
// differs from a name by few letters; empty where none is near.
func (c *catalog) nearest(name string) string {
	limit := len(name) / 3
	best, bestDistance, bestOwn := "", limit+1, false
	for n, candidate := range c.names {
		if len(c.providersOf(nameID(n))) == 0 || candidate == name {
			continue
		}
		distance := editDistance(name, candidate, bestDistance)
		if distance > bestDistance {
			continue
		}
		own := c.isPackage(nameID(n))
		better := distance < bestDistance || own && !bestOwn || own == bestOwn && candidate < best
		if better && distance <= limit {
			best, bestDistance, bestOwn = candidate, distance, own
		}
	}
	return best
}

func (c *catalog) isPackage(n nameID) bool {
	for _, p := range c.providersOf(n) {
		if c.packages[p.pkg].name == n {
			return true
		}
	}
	return false
}

// editDistance counts the letters to insert, remove, replace or swap with a
// neighbour to get from a to b. It stops counting above limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before := make([]int, len(b)+1)
	above := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := row[0]
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
