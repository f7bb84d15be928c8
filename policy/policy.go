// Package policy decides on claims: YAML files whose rules are CEL conditions that must hold about typed facts. It is for
// gates, admission and whoever has to explain a decision.
//
// Every error denies: a rule that does not compile, that fails, that costs too much, that asks for a claim which is not
// there. Six conditions stand before every policy and cannot be turned off or excepted: the content can be hashed, a scan
// result that counts covers all of it, no trusted key says that it is malicious, however old that is, no claim is damaged,
// neither the content nor what it was made from is revoked, and the claims continue the head that is known. A policy in audit mode says what it
// would deny and lets it pass. The package reads no files, runs nothing, and knows no time but the one it is given.
package policy

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"github.com/picketsec/picket"
)

// Bounds on a policy and on what its rules may cost.
const (
	maxPolicyFile = 1 << 20   // bytes
	maxRules      = 1000      // rules of one policy
	maxCost       = 5_000_000 // units of CEL's cost model for a condition that makes lists of its own, see counted
)

// ErrPolicy is wrapped by every error about the text of a policy.
var ErrPolicy = errors.New("the policy is wrong")

// Mode says what a decision to deny leads to.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce"
	Audit   Mode = "audit" // says what it would deny, and lets it pass
)

// Policy is a compiled policy. Make it with Load. It may be used by several goroutines at the same time.
type Policy struct {
	Name string
	// Description says what the policy is for; may be empty.
	Description string
	Mode        Mode
	// Digest is the SHA-256 of the file.
	Digest picket.Digest

	rules    []rule
	language *language
}

// rule is one compiled rule. A condition that the rule does not have is nil.
type rule struct {
	ruleText
	when, require, warn, detail cel.Program
}

// policyText is the form of a policy on disk.
type policyText struct {
	Version     int        `yaml:"version"`
	Name        string     `yaml:"name"`
	Description string     `yaml:"description"`
	Mode        Mode       `yaml:"mode"`
	Rules       []ruleText `yaml:"rules"`
}

// ruleText is the form of a rule on disk.
type ruleText struct {
	ID          string `yaml:"id"`
	Description string `yaml:"description"`
	Severity    string `yaml:"severity"`
	When        string `yaml:"when"`    // CEL, optional: the rule applies only where it is true
	Require     string `yaml:"require"` // CEL, true when the rule holds
	Warn        string `yaml:"warn"`    // CEL, optional: true for what is to be said although the rule holds
	Message     string `yaml:"message"` // what is wrong when it does not hold
	Warning     string `yaml:"warning"` // what to say when warn is true (optional: the message)
	Detail      string `yaml:"detail"`  // CEL, optional: a text with the facts behind it, for people
	Owner       string `yaml:"owner"`   // who can fix it
	Remedy      string `yaml:"remedy"`  // the command or step that fixes it
}

// conditions are the parts of a rule that are compiled, by their keys.
func (r *rule) conditions() []condition {
	return []condition{{"when", r.When, cel.BoolType, &r.when}, {"require", r.Require, cel.BoolType, &r.require},
		{"warn", r.Warn, cel.BoolType, &r.warn}, {"detail", r.Detail, cel.StringType, &r.detail}}
}

// condition is one of them.
type condition struct {
	key, source string
	want        *cel.Type
	program     *cel.Program
}

// Load reads and compiles a policy. Unknown keys, unknown fields of facts and conditions that are not boolean are errors
// that wrap ErrPolicy and name the line or the rule.
func Load(r io.Reader, name string) (*Policy, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPolicyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read policy %s: %w", name, err)
	}
	p, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read policy %s: %w: %w", name, ErrPolicy, err)
	}
	p.Digest = picket.SHA256(sha256.Sum256(data))
	return p, nil
}

func parse(data []byte) (*Policy, error) {
	if len(data) > maxPolicyFile {
		return nil, fmt.Errorf("larger than %d bytes", maxPolicyFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var text policyText
	if err := dec.Decode(&text); err != nil {
		return nil, err
	}
	if err := dec.Decode(&policyText{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document")
	}
	if err := text.validate(); err != nil {
		return nil, err
	}
	l, err := newLanguage()
	if err != nil {
		return nil, err
	}
	p := &Policy{Name: text.Name, Description: plain(text.Description), Mode: text.Mode, language: l}
	for _, rt := range text.Rules {
		r := rule{ruleText: rt}
		for _, c := range r.conditions() {
			if c.source == "" {
				continue
			}
			if *c.program, err = l.compile(c.source, c.want); err != nil {
				return nil, fmt.Errorf("rule %s: %s: %w", rt.ID, c.key, err)
			}
		}
		p.rules = append(p.rules, r)
	}
	return p, nil
}

// validate checks everything but the conditions.
func (t policyText) validate() error {
	switch {
	case t.Version != 1:
		return fmt.Errorf("version %d is not known; write version: 1", t.Version)
	case t.Name == "":
		return errors.New("name is missing")
	case t.Mode != Enforce && t.Mode != Audit:
		return fmt.Errorf("mode %q is not one of enforce, audit", t.Mode)
	case len(t.Rules) == 0 || len(t.Rules) > maxRules:
		return fmt.Errorf("it has %d rules; 1 to %d make sense", len(t.Rules), maxRules)
	}
	seen := map[string]bool{}
	for i, r := range t.Rules {
		if err := r.validate(); err != nil {
			return fmt.Errorf("rule %d (%s): %w", i+1, picket.Printable(r.ID, 80), err)
		}
		if seen[r.ID] {
			return fmt.Errorf("rule %d: the id %s is there already", i+1, r.ID)
		}
		seen[r.ID] = true
	}
	return nil
}

var (
	ruleID      = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
	placeholder = regexp.MustCompile(`\{[a-zA-Z_]*\}`)
)

// builtinPrefix begins the IDs of the conditions that stand before every policy.
const builtinPrefix = "gate."

// validate checks one rule.
func (r ruleText) validate() error {
	if !ruleID.MatchString(r.ID) || strings.HasPrefix(r.ID, builtinPrefix) {
		return errors.New("the id is lower-case words joined by - or ., and does not start with the word gate")
	}
	if strings.TrimSpace(r.Require) == "" && strings.TrimSpace(r.Warn) == "" {
		return errors.New("require is missing, and so is warn; one of them says what the rule is about")
	}
	for _, field := range [][2]string{{"message", r.Message}, {"remedy", r.Remedy}} {
		if strings.TrimSpace(field[1]) == "" {
			return fmt.Errorf("%s is missing", field[0])
		}
	}
	if r.Severity != "" {
		if _, err := picket.ParseSeverity(r.Severity); err != nil {
			return err
		}
	}
	for _, p := range placeholder.FindAllString(r.Remedy, -1) {
		if p != "{path}" {
			return fmt.Errorf("the remedy uses %s; only {path} is known", p)
		}
	}
	return nil
}

// compile checks that an expression gives a value of the type want, and prepares it.
func (l *language) compile(source string, want *cel.Type) (cel.Program, error) {
	ast, issues := l.env.Compile(source)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("it does not compile: %w", err)
	}
	if !ast.OutputType().IsExactType(want) {
		return nil, fmt.Errorf("it is of type %s, not %s", ast.OutputType(), want)
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.InterruptCheckFrequency(1000)}
	if !l.counted(ast) {
		options = append(options, cel.CostLimit(maxCost))
	}
	program, err := l.env.Program(ast, options...)
	if err != nil {
		return nil, fmt.Errorf("it does not compile: %w", err)
	}
	return program, nil
}
