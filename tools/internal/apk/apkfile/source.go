package apkfile

import (
	"errors"
	"fmt"
	"io"
)

const bufferSize = 64 << 10

// source reads a file and hands on the bytes that were taken, and only those, to a sink that changes at each section's
// end. As it is an io.ByteReader, a decompressor takes no byte beyond the end of its stream, and so the sections are
// found in one pass.
type source struct {
	r        io.Reader
	buf      []byte
	pos, end int
	base     int64 // offset in the file of buf[0]
	sunk     int   // buf[:sunk] has been written to the sink
	sink     io.Writer
	err      error
	limit    int64 // if not 0, about where in the file to fail
}

func newSource(r io.Reader, sink io.Writer) *source {
	return &source{r: r, buf: make([]byte, bufferSize), sink: sink}
}

// offset is the number of bytes taken so far.
func (s *source) offset() int64 { return s.base + int64(s.pos) }

// setSink makes the bytes from here on go to another sink.
func (s *source) setSink(sink io.Writer) {
	s.flush()
	s.sink = sink
}

// flush brings the sink up to date. Sinks are digests, which never fail.
func (s *source) flush() {
	s.sink.Write(s.buf[s.sunk:s.pos])
	s.sunk = s.pos
}

func (s *source) fill() error {
	s.flush()
	if s.err != nil {
		return s.err
	}
	if s.limit != 0 && s.base+int64(s.end) >= s.limit {
		return fmt.Errorf("more than %d bytes, want at most that", maxControl)
	}
	s.base += int64(s.end)
	s.pos, s.end, s.sunk = 0, 0, 0
	for s.end == 0 && s.err == nil {
		s.end, s.err = s.r.Read(s.buf)
	}
	if s.end == 0 {
		return s.err
	}
	return nil
}

// peek returns the next n bytes, or fewer at the end of the file. It must be the first call.
func (s *source) peek(n int) ([]byte, error) {
	end, err := io.ReadAtLeast(s.r, s.buf, n)
	s.end = end
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return s.buf[:min(n, end)], err
}

// atEnd reports whether the file ends here.
func (s *source) atEnd() (bool, error) {
	if s.pos < s.end {
		return false, nil
	}
	err := s.fill()
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

func (s *source) Read(p []byte) (int, error) {
	if s.pos == s.end {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.buf[s.pos:s.end])
	s.pos += n
	return n, nil
}

func (s *source) ReadByte() (byte, error) {
	if s.pos == s.end {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	b := s.buf[s.pos]
	s.pos++
	return b, nil
}
