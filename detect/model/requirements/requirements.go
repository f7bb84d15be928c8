// Package requirements judges the lists of packages that models bring along for pip and conda: TorchServe archives, MLflow
// folders and others have them installed when the model is loaded, and installing a package runs its code. It is for
// detectors. It looks at where packages come from; whether a package of a public index is a good one is not its question.
package requirements

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/detect/model/findings"
)

// maxLines bounds how many lines are judged.
const maxLines = 10_000

// Inspect judges the text of a requirements file of pip. It returns one finding for each line with something wrong, with the
// line and no member: set Location.Member to where the text is from.
func Inspect(text string) []picket.Finding {
	var list []picket.Finding
	pending := ""
	for n, line := range strings.SplitN(text, "\n", maxLines+1) {
		if n == maxLines {
			list = append(list, finding(ruleOption(), n+1, "", "more lines than are judged"))
			break
		}
		line = pending + strings.TrimRight(line, "\r")
		if joined, ok := strings.CutSuffix(line, `\`); ok {
			pending = joined
			continue
		}
		pending = ""
		for _, f := range Line(line) {
			f.Location.Line = n + 1
			list = append(list, f)
		}
	}
	return list
}

// finding makes one.
func finding(rule picket.Rule, line int, subject, summary string) picket.Finding {
	return picket.Finding{Rule: rule, Location: picket.Location{Offset: -1, Line: line}, Subject: picket.Printable(subject, 120),
		Evidence: picket.NewEvidence(summary, subject)}
}

// comment begins after white space or at the start of a line.
var comment = regexp.MustCompile(`(?:^|\s)#.*$`)

// Line judges one requirement, or one option with its value.
func Line(line string) []picket.Finding {
	line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
	switch {
	case line == "":
		return nil
	case strings.HasPrefix(line, "-"):
		return option(line)
	}
	return source(line)
}

// option judges a line that begins with a dash.
func option(line string) []picket.Finding {
	name, value := line, ""
	if i := strings.IndexAny(line, " =\t"); i > 0 {
		name, value = line[:i], strings.Trim(line[i+1:], " =\t\"'")
	} else if !strings.HasPrefix(line, "--") && len(line) > 2 {
		name, value = line[:2], line[2:]
	}
	switch name {
	case "-i", "--index-url", "--extra-index-url", "--pypi-url", "-f", "--find-links":
		if !strings.Contains(value, "://") {
			return path(line, value)
		}
		if host := host(value); known(host, indexes()) && strings.HasPrefix(value, "https://") {
			return nil
		}
		return []picket.Finding{finding(ruleIndex(), 0, line, "packages come from an index that the model names: "+value)}
	case "--trusted-host":
		return []picket.Finding{finding(ruleIndex(), 0, line, "the certificate of the index is not checked")}
	case "-e", "--editable":
		return source(value)
	case "-r", "--requirement", "-c", "--constraint":
		return source(value)
	case "--pre", "--no-index", "--prefer-binary", "--only-binary", "--no-binary", "--require-hashes", "--use-pep517", "--no-deps":
		return nil
	}
	return []picket.Finding{finding(ruleOption(), 0, line, "an option of pip that lists of packages do not need")}
}

// address is the scheme of an address, with the version control that pip puts before it.
var address = regexp.MustCompile(`(?i)\b(?:(git|hg|svn|bzr)\+)?(https?|ssh|git|ftp|file)://[^\s;"']*`)

// source judges where a package comes from.
func source(spec string) []picket.Finding {
	if at := address.FindString(spec); at != "" {
		rule := ruleUntrusted()
		bare := at[strings.Index(at, "+")+1:]
		if known(host(bare), forges()) && (strings.HasPrefix(bare, "https://") || strings.HasPrefix(bare, "ssh://")) {
			rule = ruleAddress()
		}
		return []picket.Finding{finding(rule, 0, spec, "a package is fetched from an address: "+at)}
	}
	if strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") || strings.HasPrefix(spec, "~") || strings.ContainsAny(spec, `/\`) && !strings.Contains(spec, ";") {
		return path(spec, spec)
	}
	return nil
}

// path judges a package that is a file or folder.
func path(line, value string) []picket.Finding {
	if why := findings.Leaves(value); why != "" {
		return []picket.Finding{finding(ruleOutside(), 0, line, fmt.Sprintf("the path of a package %s", why))}
	}
	return []picket.Finding{finding(ruleLocal(), 0, line, "a package is installed from the model's own folder")}
}

// host is the name of the machine in an address, in lower case, without user and port.
func host(at string) string {
	_, rest, _ := strings.Cut(at, "://")
	rest, _, _ = strings.Cut(rest, "/")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	name, _, _ := strings.Cut(rest, ":")
	return strings.ToLower(name)
}

// known reports whether a host is one of a list, or below one that begins with a dot.
func known(host string, list []string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	return slices.ContainsFunc(list, func(k string) bool {
		return host == strings.TrimPrefix(k, ".") || strings.HasPrefix(k, ".") && strings.HasSuffix(host, k)
	})
}

// indexes are the public indexes of packages for machine learning.
func indexes() []string {
	return []string{"pypi.org", "pypi.python.org", "files.pythonhosted.org", "download.pytorch.org", "pypi.nvidia.com", "pypi.ngc.nvidia.com",
		"data.pyg.org", "storage.googleapis.com", "developer.download.nvidia.com", "repo.anaconda.com", "conda.anaconda.org"}
}

// forges are where projects keep their sources and releases.
func forges() []string {
	return []string{"github.com", ".githubusercontent.com", "gitlab.com", "bitbucket.org", "huggingface.co", ".pythonhosted.org", ".pytorch.org",
		".nvidia.com", "storage.googleapis.com"}
}

// Conda judges a list of conda channels: names of public ones pass, addresses and paths do not.
func Conda(channel string) []picket.Finding {
	switch {
	case strings.Contains(channel, "://"):
		if known(host(channel), indexes()) && strings.HasPrefix(channel, "https://") {
			return nil
		}
		return []picket.Finding{finding(ruleIndex(), 0, channel, "packages come from a conda channel that the model names: "+channel)}
	case strings.ContainsAny(channel, `/\`) || strings.HasPrefix(channel, ".") || strings.HasPrefix(channel, "~"):
		if why := findings.Leaves(channel); why != "" || strings.HasPrefix(channel, ".") {
			return []picket.Finding{finding(ruleOutside(), 0, channel, "the conda channel is a folder: "+channel)}
		}
	}
	return nil
}
