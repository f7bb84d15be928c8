// Package exception holds what an operator allows or ignores in a scan: exact names of globals, findings with a reason and an
// expiry, and a baseline of findings that are known already. It is for the commands that inspect. Nothing here can hide an
// execution finding of critical severity: such content is allowed by the exact name it uses, or not at all.
package exception

import (
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket"
)

// FileNames are the names under which a configuration is looked for in a scanned tree, to report it.
func FileNames() []string {
	return []string{"picket.yaml", "picket.yml", ".picket.yaml", ".picket.yml"}
}

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// Config is the configuration file of picket scan.
type Config struct {
	// Allow lists what is known to be safe beyond the built-in packs.
	Allow Allow `yaml:"allow"`
	// Ignore lists findings that are accepted for a while.
	Ignore []Ignore `yaml:"ignore"`
}

// Allow is the allow section of a Config.
type Allow struct {
	// Globals are exact qualified names, such as acme.models.Net. There are no wildcards.
	Globals []string `yaml:"globals"`
}

// Ignore accepts findings of one rule in one artifact until a day.
type Ignore struct {
	Rule    string `yaml:"rule"`    // the exact rule ID
	Path    string `yaml:"path"`    // the artifact's path as reports show it; * and ? match within one element
	Digest  string `yaml:"digest"`  // or its digest
	Reason  string `yaml:"reason"`  // why this is acceptable; mandatory
	Expires string `yaml:"expires"` // the last day that it counts, as 2027-01-31 (UTC); mandatory
}

// ErrConfig is wrapped by every error about the content of a configuration.
var ErrConfig = errors.New("configuration is not valid")

// globalName is the form of an exact qualified name: at least a module and a name.
var globalName = regexp.MustCompile(`^[\pL_][\pL\pN_]*(\.[\pL_<][\pL\pN_>]*)+$`)

// Load reads a configuration strictly: an unknown key, a wildcard, a missing reason or expiry is an error with its place.
func Load(r io.Reader, name string) (Config, error) {
	var c Config
	dec := yaml.NewDecoder(io.LimitReader(r, maxConfig))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("read %s: %w: %s", name, ErrConfig, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	if err := c.Validate(); err != nil {
		return Config{}, fmt.Errorf("read %s: %w", name, err)
	}
	return c, nil
}

// Validate reports the first entry that is wrong, with its position.
func (c Config) Validate() error {
	for i, g := range c.Allow.Globals {
		if !globalName.MatchString(g) {
			return fmt.Errorf("%w: allow.globals[%d]: %q is not an exact name like package.module.Class", ErrConfig, i, g)
		}
	}
	for i, ig := range c.Ignore {
		if err := ig.validate(); err != nil {
			return fmt.Errorf("%w: ignore[%d]: %w", ErrConfig, i, err)
		}
	}
	return nil
}

// validate checks one entry.
func (ig Ignore) validate() error {
	switch {
	case ig.Rule == "":
		return errors.New("rule is missing")
	case (ig.Path == "") == (ig.Digest == ""):
		return errors.New("give either path or digest")
	case strings.TrimSpace(ig.Reason) == "":
		return errors.New("reason is missing: say why this is acceptable")
	}
	if _, err := path.Match(ig.Path, ""); err != nil {
		return fmt.Errorf("path %q is not a valid pattern", ig.Path)
	}
	if ig.Digest != "" {
		if _, err := picket.ParseDigest(ig.Digest); err != nil {
			return err
		}
	}
	if _, err := ig.last(); err != nil {
		return fmt.Errorf("expires %q is not a day like 2027-01-31", ig.Expires)
	}
	return nil
}

// last is the first moment at which the entry no longer counts.
func (ig Ignore) last() (time.Time, error) {
	day, err := time.Parse(time.DateOnly, ig.Expires)
	return day.AddDate(0, 0, 1), err
}

// covers reports whether the entry is about a finding in an artifact, whatever the date.
func (ig Ignore) covers(a picket.Artifact, f picket.Finding) bool {
	if ig.Rule != f.Rule.ID {
		return false
	}
	if ig.Digest != "" {
		return a.Digest != "" && string(a.Digest) == ig.Digest
	}
	matched, err := path.Match(ig.Path, a.Name)
	return err == nil && matched
}

// Apply removes from a scan what the configuration ignores today, judges the artifacts anew, and adds a finding about each
// entry that has expired or that asks for what cannot be ignored.
func (c Config) Apply(scan *picket.Scan, today time.Time) {
	for i := range scan.Results {
		r := &scan.Results[i]
		kept := r.Findings[:0:0]
		for _, f := range r.Findings {
			if !c.ignored(scan, r.Artifact, f, today) {
				kept = append(kept, f)
			}
		}
		r.Findings = kept
		r.Verdict = picket.Judge(r.Findings, r.Coverage)
	}
}

// ignored decides about one finding and records why an entry that covers it does not count.
func (c Config) ignored(scan *picket.Scan, a picket.Artifact, f picket.Finding, today time.Time) bool {
	for i, ig := range c.Ignore {
		if !ig.covers(a, f) {
			continue
		}
		end, err := ig.last()
		switch {
		case err != nil || !today.Before(end):
			note(scan, picket.Finding{Rule: RuleExpired(), Location: picket.Whole(""), Subject: a.Name, Evidence: picket.NewEvidence(
				fmt.Sprintf("ignore[%d] for %s in %s expired on %s", i, ig.Rule, a.Name, ig.Expires), ig.Reason)})
		case critical(f):
			note(scan, picket.Finding{Rule: RuleRefused(), Location: picket.Whole(""), Subject: a.Name, Evidence: picket.NewEvidence(
				fmt.Sprintf("ignore[%d] cannot ignore %s in %s", i, ig.Rule, a.Name), ig.Reason)})
		default:
			scan.Suppressed++
			return true
		}
	}
	return false
}

// critical reports whether a finding can never be ignored.
func critical(f picket.Finding) bool {
	return f.Rule.Class == picket.Execution && f.Rule.Severity == picket.Critical
}

// note adds a finding about the run, once.
func note(scan *picket.Scan, f picket.Finding) {
	f.Confidence = picket.Certain
	for _, have := range scan.Findings {
		if have.Fingerprint("") == f.Fingerprint("") {
			return
		}
	}
	scan.Findings = append(scan.Findings, f)
}
