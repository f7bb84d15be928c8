package tensorflow

import (
	"strings"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/detect/model/findings"
)

// place says where a path leads, from the harmless to the worst.
type place int

const (
	relative  place = iota // below the folder that the process runs in
	absolute               // a fixed place of the machine, of no special meaning
	remote                 // another machine
	sensitive              // out of the folder, or where secrets and settings are
)

// secrets are parts of paths where machines keep secrets, settings and what runs by itself; lower case.
var secrets = []string{"/etc/", "/proc/", "/sys/", "/.ssh", "/.aws", "/.kube", "/.docker", "/.config", "/.netrc", "/.git", "/.bash", "/.zsh",
	"/.profile", "/.env", "/.npmrc", "/.pypirc", "/.huggingface", "/.cache/huggingface", "/var/run/", "/windows/", "/appdata/",
	"/cron", "site-packages", "dist-packages", "id_rsa", "credentials", "authorized_keys", "sitecustomize", "usercustomize", ".service"}

// locate judges a path that is constant, or constant behind a mark.
func locate(path string) place {
	marked := strings.Contains(path, "\x00")
	path = strings.ReplaceAll(path, "\x00", "")
	path, elsewhere := local(path)
	slashes := "/" + strings.ToLower(strings.ReplaceAll(path, `\`, "/"))
	for _, s := range secrets {
		if strings.Contains(slashes, s) && !marked {
			return sensitive
		}
	}
	switch how := findings.Leaves(path); {
	case elsewhere:
		return remote
	case how == "":
		return relative
	case how == format.Absolute || how == format.Drive:
		return absolute
	}
	return sensitive
}

// local is the path itself of an address that stands for the files of the machine; elsewhere is true for another machine.
func local(path string) (rest string, elsewhere bool) {
	scheme, rest, found := strings.Cut(path, "://")
	if !found {
		return path, false
	}
	if strings.EqualFold(scheme, "file") || strings.EqualFold(scheme, "ram") {
		return rest, false
	}
	return path, true
}

// origin sums up what a path may be.
type origin struct {
	given   bool   // by who runs the graph, or loads the model
	unknown bool   // by operations or variables that are not followed
	place   place  // of the worst constant
	text    string // that constant; empty for none
}

// judge sums up a list of texts that a path may be.
func judge(values []string) origin {
	o := origin{unknown: len(values) == 0}
	for _, v := range values {
		marked := false
		for _, mark := range []string{markInput, markAsset, markState, markComputed} {
			if strings.HasPrefix(v, mark) {
				marked = true
				o.given = o.given || mark == markInput || mark == markAsset
				o.unknown = o.unknown || mark == markState || mark == markComputed
			}
		}
		at := locate(v)
		if v == "" || marked && at < sensitive {
			continue
		}
		if o.text == "" || at > o.place {
			o.place, o.text = at, v
		}
	}
	return o
}
