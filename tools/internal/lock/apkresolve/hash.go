package apkresolve

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// apk keeps names in a hash table and walks over it bucket by bucket where it looks up who depends on whom. That order
// shows in the order in which packages of equal rank get installed, so it is needed to answer in the same order.

const (
	hashBuckets = 20000
	hashSeed    = 5381
)

// bucket is the place of a name in apk's table: MurmurHash3 (x86, 32 bits), modulo the number of buckets.
func bucket(name string) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	h := uint32(hashSeed)
	rest := []byte(name)
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*c1, 15) * c2 }
	for ; len(rest) >= 4; rest = rest[4:] {
		h = bits.RotateLeft32(h^mix(binary.LittleEndian.Uint32(rest)), 13)*5 + 0xe6546b64
	}
	if len(rest) > 0 {
		var tail [4]byte
		copy(tail[:], rest)
		h ^= mix(binary.LittleEndian.Uint32(tail[:]))
	}
	h ^= uint32(len(name))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return (h ^ h>>16) % hashBuckets
}

// sortByBucket puts names into the order of apk's table, each once. Within a bucket apk's order depends on the order of
// loading; here the text decides.
func (c *catalog) sortByBucket(list []nameID) []nameID {
	type key struct {
		bucket uint32
		name   nameID
	}
	keys := make([]key, len(list))
	for i, n := range list {
		keys[i] = key{bucket(c.names[n]), n}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if order := cmp.Compare(a.bucket, b.bucket); order != 0 {
			return order
		}
		return strings.Compare(c.names[a.name], c.names[b.name])
	})
	for i, k := range keys {
		list[i] = k.name
	}
	return slices.Compact(list)
}
