package requirements_test

import (
	"strings"
	"testing"

	"github.com/picketsec/picket/detect/model/requirements"
)

// fired lists the last part of the rules that fire for a text.
func fired(text string) string {
	var ids []string
	for _, f := range requirements.Inspect(text) {
		ids = append(ids, strings.TrimPrefix(f.Rule.ID, "model.requirements."))
	}
	return strings.Join(ids, " ")
}

func TestInspect(t *testing.T) {
	for text, want := range map[string]string{
		"numpy==2.4.6\nscikit-learn>=1.0 # why\n\n# comment":                     "",
		"torch[cuda]==2.4; python_version < '3.12'":                              "",
		"-i https://pypi.org/simple\ntorch":                                      "",
		"--extra-index-url https://download.pytorch.org/whl/cpu\ntorch==2.4+cpu": "",
		"--index-url http://127.0.0.1:9/simple\ntorch":                           "other-index",
		"--extra-index-url=https://packages.example/simple":                      "other-index",
		"--index-url https://pypi.org.packages.example/simple":                   "other-index",
		"--index-url http://pypi.org/simple":                                     "other-index",
		"-ihttp://127.0.0.1/":                                                    "other-index",
		"--trusted-host 127.0.0.1":                                               "other-index",
		"git+https://github.com/a/b@0123456":                                     "address",
		"b @ git+https://github.com/a/b":                                         "address",
		"git+http://127.0.0.1/x.git#egg=x":                                       "untrusted-address",
		"x @ https://user:github.com@127.0.0.1/x.whl":                            "untrusted-address",
		"x @ file:///tmp/x.whl":                                                  "untrusted-address",
		"-e .":                                                                   "local-package",
		"./wheels/x.whl":                                                         "local-package",
		"../x":                                                                   "path-escape",
		"-r /etc/requirements.txt":                                               "path-escape",
		"--find-links ./wheels":                                                  "local-package",
		"--global-option=x":                                                      "option",
		"--index-url \\\n  http://127.0.0.1/":                                    "other-index",
		"numpy==1.0 --hash=sha256:0000000000000000000000000000000000000000000000000000000000000": "",
	} {
		if got := fired(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := requirements.Inspect("a\n\n--trusted-host x"); len(got) != 1 || got[0].Location.Line != 3 {
		t.Errorf("the line is not given: %+v", got)
	}
}

func TestConda(t *testing.T) {
	for channel, want := range map[string]int{"conda-forge": 0, "nvidia/label/cuda-12": 0, "https://repo.anaconda.com/pkgs/main": 0,
		"http://127.0.0.1/ch": 1, "https://conda.example/ch": 1, "/tmp/ch": 1, "./ch": 1, "../ch": 1} {
		if got := requirements.Conda(channel); len(got) != want {
			t.Errorf("%s: %+v", channel, got)
		}
	}
}

func TestRules(t *testing.T) {
	for _, r := range requirements.Rules() {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
}
