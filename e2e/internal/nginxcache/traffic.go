package nginxcache

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Traffic is what went over the wire, with HTTP's headers.
type Traffic struct {
	Gets, Misses, Puts int
	Up, Down           int64 // bytes, as the cache's client sees it
}

// Take returns the traffic since the last call.
func (c *Cache) Take() (Traffic, error) {
	lines, err := c.settled()
	if err != nil {
		return Traffic{}, err
	}
	var t Traffic
	for _, line := range lines[c.read:] {
		if err := t.add(line); err != nil {
			return Traffic{}, fmt.Errorf("%s: %w", c.log, err)
		}
	}
	c.read = len(lines)
	return t, nil
}

// settled returns the log's lines once no more are added: nginx writes a request down after its client has had the
// answer.
func (c *Cache) settled() ([]string, error) {
	before := -1
	for {
		text, err := os.ReadFile(c.log)
		if err != nil {
			return nil, err
		}
		if len(text) == before {
			return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[:strings.Count(string(text), "\n")], nil
		}
		before = len(text)
		time.Sleep(50 * time.Millisecond)
	}
}

func (t *Traffic) add(line string) error {
	var method string
	var status int
	var received, sent int64
	if _, err := fmt.Sscan(line, &method, &status, &received, &sent); err != nil {
		return fmt.Errorf("line %q: %w", line, err)
	}
	switch {
	case method == "PUT":
		t.Puts++
	case status == 404:
		t.Misses++
	default:
		t.Gets++
	}
	t.Up += received
	t.Down += sent
	return nil
}
