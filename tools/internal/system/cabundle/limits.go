package cabundle

import (
	"encoding/binary"
	"fmt"
)

// Limits on keystores of packages. The libraries that read them believe what the files say of themselves.
const (
	maxStore      = 16 << 20  // bytes of a keystore
	maxIterations = 1_000_000 // of hashing for all passwords of a PKCS #12 file together; Java's have 10,000
	maxNesting    = 32        // values within each other in one
)

// checkJKS refuses a keystore that states to have more than is there: memory is taken for what it states.
//
// The format: a magic number, a version, a count; for each entry a kind, an alias and a time, then a certificate, or a
// key and a chain of certificates. Numbers have four bytes, times eight, texts two bytes of length.
func checkJKS(store []byte) error {
	r := &jksReader{rest: store}
	r.skip(4, "the magic number")
	version := r.number("the version")
	for n := r.count("entries", 14); n > 0 && r.err == nil; n-- {
		kind := r.number("an entry's kind")
		r.skip(r.short("an alias"), "an alias")
		r.skip(8, "an entry's time")
		switch kind {
		case 1:
			r.skip(r.number("a key"), "a key")
			for n := r.count("certificates of a chain", 4); n > 0 && r.err == nil; n-- {
				r.certificate(version)
			}
		case 2:
			r.certificate(version)
		default:
			return nil // the library says so
		}
	}
	return r.err
}

// jksReader reads numbers and steps over the rest. After an error all is 0.
type jksReader struct {
	rest []byte
	err  error
}

func (r *jksReader) skip(n int64, what string) []byte {
	if r.err == nil && n > int64(len(r.rest)) {
		r.err = fmt.Errorf("%s should have %d bytes, but %d are left", what, n, len(r.rest))
	}
	if r.err != nil {
		return make([]byte, min(n, 8))
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *jksReader) number(what string) int64 {
	return int64(binary.BigEndian.Uint32(r.skip(4, what)))
}

func (r *jksReader) short(what string) int64 {
	return int64(binary.BigEndian.Uint16(r.skip(2, what)))
}

// count reads how many there are of what has at least size bytes each.
func (r *jksReader) count(what string, size int64) int64 {
	n := r.number("the number of " + what)
	if r.err == nil && n > int64(len(r.rest))/size {
		r.err = fmt.Errorf("it states to have %d %s, but %d bytes are left", n, what, len(r.rest))
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *jksReader) certificate(version int64) {
	if version == 2 {
		r.skip(r.short("a certificate's type"), "a certificate's type")
	}
	r.skip(r.number("a certificate"), "a certificate")
}

// checkPKCS12 refuses a file that asks for too much work: the number of iterations follows the salt, an octet string,
// wherever a key is made of a password. What is not the encoding that the library reads is left to it.
func checkPKCS12(store []byte) error {
	total, deep := uint64(0), false
	walkDER(store, maxNesting, &total, &deep)
	switch {
	case total > maxIterations:
		return fmt.Errorf("its keys take %d iterations of hashing, the limit is %d", total, maxIterations)
	case deep:
		return fmt.Errorf("its values are nested deeper than %d levels, the limit", maxNesting)
	}
	return nil
}

const (
	derInteger     = 0x02
	derOctetString = 0x04
	derSequence    = 0x30
	derConstructed = 0x20
)

// walkDER adds up the iterations of values and what is in them, octet strings included.
func walkDER(data []byte, depth int, total *uint64, deep *bool) {
	if depth == 0 {
		*deep = true
		return
	}
	var last byte
	for len(data) > 0 {
		tag, content, rest, ok := cutDER(data)
		if !ok {
			return
		}
		switch {
		case tag == derInteger && last == derOctetString && len(content) <= 8:
			n := uint64(0)
			for _, b := range content {
				n = n<<8 | uint64(b)
			}
			if n < 1<<63 { // the others are negative
				*total += n
			}
		case tag&derConstructed != 0, tag == derOctetString && len(content) > 0 && content[0] == derSequence:
			walkDER(content, depth-1, total, deep)
		}
		if *total > maxIterations || *deep {
			return
		}
		data, last = rest, tag
	}
}

// cutDER cuts the first value off; it is not ok for what is no DER.
func cutDER(data []byte) (tag byte, content, rest []byte, ok bool) {
	if len(data) < 2 || data[0]&0x1f == 0x1f {
		return 0, nil, nil, false
	}
	size, at := int(data[1]), 2
	if size >= 0x80 {
		digits := size & 0x7f
		if digits == 0 || digits > 4 || len(data) < 2+digits {
			return 0, nil, nil, false
		}
		size = 0
		for _, b := range data[2 : 2+digits] {
			size = size<<8 | int(b)
		}
		at += digits
	}
	if size < 0 || size > len(data)-at {
		return 0, nil, nil, false
	}
	return data[0], data[at : at+size], data[at+size:], true
}
