package passwd

// ids are numbers of accounts that are taken.
type ids struct {
	names map[int]string // the first by name of those that have a number
	// next is, by the number that a search begins at, the number below which all are taken: they stay so.
	next map[int]int
}

func newIDs() *ids { return &ids{names: map[int]string{}, next: map[int]int{}} }

func (i *ids) take(id int, name string) {
	if first, taken := i.names[id]; !taken || name < first {
		i.names[id] = name
	}
}

// free returns the first number from first on that is not taken.
func (i *ids) free(first int) int {
	n := max(first, i.next[first])
	for {
		if _, taken := i.names[n]; !taken {
			i.next[first] = n
			return n
		}
		n++
	}
}
