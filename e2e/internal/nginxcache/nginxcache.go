// Package nginxcache runs nginx as an HTTP remote cache of Bazel's, and counts what goes through it and what it keeps.
package nginxcache

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Cache is a running nginx. What it keeps lies in Dir, by "ac/<key>" and "cas/<digest>".
type Cache struct {
	URL string // for --remote_cache
	Dir string

	log  string // path of the access log
	read int    // lines of it that were counted
	cmd  *exec.Cmd
	done chan struct{}
}

// Bazel's HTTP protocol is GET and PUT of files; nginx's WebDAV module does both.
const config = `daemon off;
master_process off;
pid DIR/nginx.pid;
error_log DIR/error.log;
events { worker_connections 1024; }
http {
  log_format traffic "$request_method $status $request_length $bytes_sent $uri";
  access_log DIR/access.log traffic;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  client_max_body_size 0;
  keepalive_requests 1000000;
  server {
    listen ADDRESS;
    root DIR/kept;
    location / {
      dav_methods PUT;
      create_full_put_path on;
    }
  }
}
`

// Start starts nginx with everything below dir, which is made if it is not there. An error that Is exec.ErrNotFound
// says that it is not installed.
func Start(dir string) (*Cache, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	c := &Cache{URL: "http://" + address, Dir: filepath.Join(dir, "kept"), log: filepath.Join(dir, "access.log"), done: make(chan struct{})}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "nginx.conf")
	text := strings.NewReplacer("DIR", dir, "ADDRESS", address).Replace(config)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	var output bytes.Buffer
	c.cmd = exec.Command(program, "-c", file, "-p", dir, "-e", filepath.Join(dir, "error.log"))
	c.cmd.Stdout, c.cmd.Stderr = &output, &output
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.cmd.Wait()
		close(c.done)
	}()
	if err := c.answers(address); err != nil {
		err = errors.Join(err, c.Stop())
		return nil, fmt.Errorf("starting nginx: %w\n%s", err, output.String())
	}
	return c, nil
}

func (c *Cache) answers(address string) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-c.done:
			return errors.New("it ended at once")
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it does not answer: %w", err)
		}
	}
}

// Stop ends nginx. What it kept stays.
func (c *Cache) Stop() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-c.done
	return nil
}

// Kept is what the cache holds.
type Kept struct {
	Entries int
	Bytes   int64
}

// Kept counts what is on the disk.
func (c *Cache) Kept() (Kept, error) {
	var kept Kept
	err := filepath.WalkDir(c.Dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		kept.Entries++
		kept.Bytes += info.Size()
		return nil
	})
	return kept, err
}
