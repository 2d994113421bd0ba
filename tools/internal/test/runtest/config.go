package runtest

// process is what a container runs. Its JSON is the member "process" of the OCI runtime spec's config.json.
type process struct {
	User user     `json:"user"`
	Args []string `json:"args"`
	Env  []string `json:"env"`
	Cwd  string   `json:"cwd"`
	// Capabilities are those that container engines leave to root.
	Capabilities map[string][]string `json:"capabilities"`
}

type user struct {
	UID int `json:"uid"`
	GID int `json:"gid"`
}

type mount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options,omitempty"`
}

// runtimeConfig returns the config.json of a container without network.
func runtimeConfig(p process) map[string]any {
	if p.Cwd == "" {
		p.Cwd = "/"
	}
	if len(p.Env) == 0 {
		p.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	capabilities := []string{
		"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
		"CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
	}
	p.Capabilities = map[string][]string{"bounding": capabilities}
	if p.User.UID == 0 {
		p.Capabilities["effective"], p.Capabilities["permitted"] = capabilities, capabilities
	}
	type namespace struct {
		Type string `json:"type"`
	}
	return map[string]any{
		"ociVersion": "1.0.2",
		"process":    p,
		"root":       map[string]any{"path": "rootfs"},
		"hostname":   "container",
		"mounts": []mount{
			{"/proc", "proc", "proc", nil},
			{"/dev", "tmpfs", "tmpfs", []string{"nosuid", "mode=755", "size=65536k"}},
			{"/dev/shm", "tmpfs", "shm", []string{"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
		},
		"linux": map[string]any{"namespaces": []namespace{{"pid"}, {"network"}, {"ipc"}, {"uts"}, {"mount"}}},
	}
}
