package hf

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Kind is what a repository of the Hub holds.
type Kind string

// The kinds of repositories, as the Hub's API spells them.
const (
	Models   Kind = "models"
	Datasets Kind = "datasets"
	Spaces   Kind = "spaces"
)

// Name is a repository, a revision of it, and a path inside; the last two may be empty.
type Name struct {
	Kind     Kind
	Repo     string // "org/name", or "name" for the oldest ones
	Revision string
	Path     string
}

// word is a part of a repository's name; the Hub allows no others.
func word() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$`) }

// ParseName reads hf://[datasets/|spaces/]org/name[@revision][/path]. A colon is read like the @, as KServe writes it. A slash of
// a revision is written %2F, but in refs/pr/N and refs/convert/NAME.
func ParseName(uri string) (Name, error) {
	rest, ok := strings.CutPrefix(uri, "hf://")
	if !ok {
		return Name{}, errors.New("read hf name: it does not begin with hf://")
	}
	n := Name{Kind: Models}
	for _, k := range []Kind{Models, Datasets, Spaces} {
		if r, ok := strings.CutPrefix(rest, string(k)+"/"); ok {
			n.Kind, rest = k, r
			break
		}
	}
	rest = strings.TrimSuffix(rest, "/")
	if at := strings.IndexAny(rest, "@:"); at >= 0 && strings.Count(rest[:at], "/") <= 1 {
		n.Repo = rest[:at]
		n.Revision, n.Path = splitRevision(rest[at+1:])
		if n.Revision == "" {
			return Name{}, fmt.Errorf("read hf name %q: the revision is empty", uri)
		}
	} else {
		parts := strings.SplitN(rest, "/", 3)
		if len(parts) == 3 {
			n.Path = parts[2]
		}
		n.Repo = strings.Join(parts[:min(2, len(parts))], "/")
	}
	var err error
	if n.Revision, err = url.PathUnescape(n.Revision); err != nil {
		return Name{}, fmt.Errorf("read hf name %q: the revision is not escaped correctly", uri)
	}
	return n, n.check()
}

// splitRevision divides a revision from the path that follows.
func splitRevision(s string) (revision, path string) {
	parts := strings.SplitN(s, "/", 4)
	if len(parts) >= 3 && parts[0] == "refs" && (parts[1] == "pr" || parts[1] == "convert") {
		return strings.Join(parts[:3], "/"), strings.Join(parts[3:], "")
	}
	revision, path, _ = strings.Cut(s, "/")
	return revision, path
}

// check refuses what cannot be a repository.
func (n Name) check() error {
	parts := strings.Split(n.Repo, "/")
	for _, p := range parts {
		if !word().MatchString(p) || strings.Contains(p, "..") || strings.Contains(p, "--") {
			return fmt.Errorf("read hf name: %q is not a repository; write hf://org/name[@revision][/path]", n.Repo)
		}
	}
	if len(n.Revision) > 255 || strings.Contains(n.Revision, "..") {
		return fmt.Errorf("read hf name: %q is not a revision", n.Revision)
	}
	return nil
}

// String is the name as ParseName reads it.
func (n Name) String() string {
	s := "hf://" + n.prefix() + n.Repo
	if n.Revision != "" {
		s += "@" + url.PathEscape(n.Revision)
	}
	if n.Path != "" {
		s += "/" + n.Path
	}
	return s
}

// prefix is how the kind begins addresses of files; models have none.
func (n Name) prefix() string {
	if n.Kind == Models {
		return ""
	}
	return string(n.Kind) + "/"
}

// pinned reports whether the revision is a whole commit.
func (n Name) pinned() bool { return commit(n.Revision) }

// commit reports whether s has the form of a commit.
func commit(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }

// ParseLink reads the address of a page or a file of the Hub, as a browser shows it: …/org/name, …/org/name/tree/rev/path, and
// /blob/ and /resolve/ in place of /tree/. It returns false for other addresses.
func ParseLink(u *url.URL) (Name, bool) {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	n := Name{Kind: Models}
	if k := Kind(parts[0]); (k == Datasets || k == Spaces) && len(parts) > 2 {
		n.Kind, parts = k, parts[1:]
	}
	verb := len(parts)
	for i, p := range parts {
		if p == "tree" || p == "blob" || p == "resolve" || p == "raw" {
			verb = i
			break
		}
	}
	if verb < 1 || verb > 2 || verb == 1 && len(parts) == 1 {
		return Name{}, false
	}
	n.Repo = strings.Join(parts[:verb], "/")
	if verb+1 < len(parts) {
		revision, path := splitRevision(strings.Join(parts[verb+1:], "/"))
		var err1, err2 error
		n.Revision, err1 = url.PathUnescape(revision)
		n.Path, err2 = url.PathUnescape(path)
		if err1 != nil || err2 != nil {
			return Name{}, false
		}
	} else if verb < len(parts) {
		return Name{}, false
	}
	return n, n.check() == nil
}
