package oci

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Login is the logins of registries, as Docker and Podman keep them. The zero value has none.
type Login struct {
	Auths   map[string]Auth   `json:"auths"`
	Store   string            `json:"credsStore"`
	Helpers map[string]string `json:"credHelpers"`
}

// Auth is one login.
type Auth struct {
	Auth     string `json:"auth"` // user and password with a colon between, in base64
	Username string `json:"username"`
	Password string `json:"password"`
	Identity string `json:"identitytoken"` // a token to get others with
	Token    string `json:"registrytoken"` // a token to send as it is
}

// FromEnvironment reads logins where the tools of containers keep them: DOCKER_AUTH_CONFIG holds them, else the first file of
// REGISTRY_AUTH_FILE, DOCKER_CONFIG/config.json, ~/.docker/config.json and XDG_RUNTIME_DIR/containers/auth.json.
func FromEnvironment(getenv func(string) string, home string) (Login, error) {
	var l Login
	if text := getenv("DOCKER_AUTH_CONFIG"); text != "" {
		if json.Unmarshal([]byte(text), &l) != nil {
			return Login{}, errors.New("read logins of registries: DOCKER_AUTH_CONFIG is not the JSON that Docker writes")
		}
		return l, nil
	}
	var files []string
	for _, f := range []struct{ folder, rest string }{{getenv("REGISTRY_AUTH_FILE"), ""}, {getenv("DOCKER_CONFIG"), "config.json"},
		{home, ".docker/config.json"}, {getenv("XDG_RUNTIME_DIR"), "containers/auth.json"}} {
		if f.folder != "" {
			files = append(files, filepath.Join(f.folder, f.rest))
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return Login{}, fmt.Errorf("read logins of registries: %w", err)
		}
		if json.Unmarshal(text, &l) != nil {
			return Login{}, fmt.Errorf("read logins of registries: %s is not the JSON that Docker writes", file)
		}
		return l, nil
	}
	return l, nil
}

// For finds the login for a repository; the longest key wins, as Podman's keys may name a path.
func (l Login) For(registry, repository string) (Auth, bool) {
	full := registry + "/" + repository
	if registry == "index.docker.io" {
		if a, ok := l.Auths["docker.io"]; ok {
			return a.parsed(), true
		}
	}
	best, found := "", Auth{}
	for key, a := range l.Auths {
		k := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
		k = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(k, "/"), "/v1"), "/v2")
		if (full == k || strings.HasPrefix(full, k+"/")) && len(k) > len(best) {
			best, found = k, a
		}
	}
	return found.parsed(), best != ""
}

// parsed fills the user and the password from their joint form.
func (a Auth) parsed() Auth {
	if raw, err := base64.StdEncoding.DecodeString(a.Auth); err == nil && a.Username == "" {
		a.Username, a.Password, _ = strings.Cut(strings.TrimRight(string(raw), "\x00"), ":")
	}
	return a
}

// helper names the program that keeps the login of a registry, if one does.
func (l Login) helper(registry string) string {
	if h := l.Helpers[registry]; h != "" {
		return h
	}
	return l.Store
}
