package main

import (
	"archive/tar"
	"bytes"
	"slices"

	"github.com/klauspost/compress/gzip"

	"github.com/rules-apk/rules_apk/tools/internal/apk/apksign"
)

// evilIndex lists what no key has signed.
const evilIndex = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:musl\nV:9.9.9-r0\nA:x86_64\nS:1\nI:1\nT:\nU:\nL:\n\n"

// parts are those of a signed index: the tar of its first gzip stream, without an end, and all that is signed.
func parts(index []byte) (signature, signed []byte, err error) {
	if _, signed, err = apksign.Split(index); err != nil {
		return nil, nil, err
	}
	signature, err = gunzip(index[:len(index)-len(signed)])
	return signature, signed, err
}

// forge puts other bytes in front of what is signed.
func forge(index []byte, front func(signature, signed []byte) [][]byte) ([]byte, error) {
	signature, signed, err := parts(index)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, member := range front(signature, signed) {
		w := gzip.NewWriter(&b)
		w.Write(member)
		w.Close()
	}
	return append(b.Bytes(), signed...), nil
}

// header is that of a file whose content comes from elsewhere.
func header(name string, size int) []byte {
	var b bytes.Buffer
	tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(size), Format: tar.FormatUSTAR})
	return b.Bytes()
}

func file(name, content string) []byte {
	b := append(header(name, len(content)), content...)
	return append(b, make([]byte, (512-len(b)%512)%512)...)
}

func end() []byte { return make([]byte, 1024) }

// forgeSwallow ends the tar of signatures, adds an index, and the header of a file that swallows the index that is
// signed.
func forgeSwallow(b []byte) ([]byte, error) {
	return forge(b, func(signature, signed []byte) [][]byte {
		plain, _ := gunzip(signed)
		return [][]byte{slices.Concat(signature, end(), file("APKINDEX", evilIndex), header("x", len(plain)))}
	})
}

// forgeEnd only adds the end and an index.
func forgeEnd(b []byte) ([]byte, error) {
	return forge(b, func(signature, _ []byte) [][]byte {
		return [][]byte{slices.Concat(signature, end(), file("APKINDEX", evilIndex))}
	})
}

// forgeInside puts the index beside the signature, and a signature that swallows the rest.
func forgeInside(b []byte) ([]byte, error) {
	return forge(b, func(signature, _ []byte) [][]byte {
		return [][]byte{slices.Concat(signature, file("APKINDEX", evilIndex))}
	})
}

// forgeFirst puts the index before the signature.
func forgeFirst(b []byte) ([]byte, error) {
	return forge(b, func(signature, _ []byte) [][]byte {
		return [][]byte{slices.Concat(file("APKINDEX", evilIndex), signature)}
	})
}

// forgeMember gives the index a gzip stream of its own.
func forgeMember(b []byte) ([]byte, error) {
	return forge(b, func(signature, _ []byte) [][]byte {
		return [][]byte{signature, file("APKINDEX", evilIndex)}
	})
}

// forgeAgain has the signature twice, the second time with an index.
func forgeAgain(b []byte) ([]byte, error) {
	return forge(b, func(signature, _ []byte) [][]byte {
		return [][]byte{signature, slices.Concat(signature, file("APKINDEX", evilIndex))}
	})
}

// forgeAppend adds an index after the one that is signed.
func forgeAppend(index []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(slices.Concat(file("APKINDEX", evilIndex), end()))
	w.Close()
	return append(index, b.Bytes()...), nil
}
