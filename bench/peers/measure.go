package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// figure is the median of several runs of one command.
type figure struct {
	who       string
	command   string
	wall, cpu time.Duration
	memory    int64 // peak resident bytes of the largest process
	runs      int
	failure   string // why there is no figure
}

// table is all figures for one input; the first is Picket's.
type table struct {
	input   input
	figures []figure
}

// measureAll generates the inputs and measures every scanner on each.
func measureAll(ctx context.Context, o options, peers []peer, folder string) (page, error) {
	p := page{peers: peers, machine: machine(ctx, o), runs: o.runs}
	if err := generateApart(ctx, folder); err != nil {
		return p, err
	}
	for _, in := range inputs(folder) {
		var err error
		if in.bytes, err = size(in.path); err != nil {
			return p, err
		}
		t := table{input: in}
		for _, c := range commands(o, peers, in) {
			fmt.Printf("%s: %s\n", in.name, c.who)
			f, err := measure(ctx, o, folder, c)
			if err != nil {
				return p, err
			}
			t.figures = append(t.figures, f)
		}
		p.tables = append(p.tables, t)
	}
	return p, nil
}

// generateApart generates the files in another process: a child's peak memory starts from what its parent holds when it forks, so
// this process must stay small.
func generateApart(ctx context.Context, folder string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("generate inputs: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "--generate", folder)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("generate inputs: %w", err)
	}
	return nil
}

// command is what is measured.
type command struct {
	who, bin string
	args     []string
	refusal  string // what it prints about a file that it does not read to the end
	skip     string // why it cannot run on this input
}

// commands are what runs on one input: Picket with and without the digest, the baselines, the peers.
func commands(o options, peers []peer, in input) []command {
	list := []command{
		{who: "picket", args: []string{o.picket, "scan", "--quiet", in.path}},
		{who: "picket --no-digest", args: []string{o.picket, "scan", "--quiet", "--no-digest", in.path}},
		{who: "openssl dgst -sha256",
			args: []string{"sh", "-c", "find \"$0\" -type f -exec openssl dgst -sha256 {} +", in.path}},
		{who: "cat", args: []string{"sh", "-c", "find \"$0\" -type f -exec cat {} +", in.path}},
	}
	for _, p := range peers {
		c := command{who: p.name, bin: p.bin, args: p.command(in.path), refusal: p.refusal, skip: p.failure}
		if c.skip == "" && !slices.Contains(p.reads, in.kind) {
			c.skip = "its command line does not read " + in.kind
		}
		list = append(list, c)
	}
	return list
}

// slow is the time from which one run is enough.
const slow = 10 * time.Second

// measure runs a command several times and returns the medians. Every input is in the page cache: they were just written, and
// one run that is not counted comes first.
func measure(ctx context.Context, o options, folder string, c command) (figure, error) {
	f := figure{who: c.who, command: strings.Join(c.args, " "), failure: c.skip}
	if c.skip != "" {
		return f, nil
	}
	var walls, cpus []time.Duration
	var memories []int64
	for i := 0; i <= o.runs; i++ {
		said := spotter{phrase: []byte(c.refusal)}
		wall, cpu, memory, err := once(ctx, o.limit, folder, c, &said)
		if ctx.Err() != nil {
			return f, context.Cause(ctx)
		}
		if err != nil { // a scanner that cannot be measured is a fact to report, not an error of this program
			f.failure = err.Error()
			break
		}
		if said.seen {
			f.failure = "does not read the file to its end"
			break
		}
		if i == 0 && wall < slow {
			continue
		}
		walls, cpus, memories = append(walls, wall), append(cpus, cpu), append(memories, memory)
		if wall >= slow {
			break
		}
	}
	if f.failure != "" {
		return f, nil
	}
	f.wall, f.cpu, f.memory, f.runs = median(walls), median(cpus), median(memories), len(walls)
	return f, nil
}

// spotter looks for a phrase in what is written to it and keeps no more than may be the beginning of one: see generateApart for why
// this process must stay small.
type spotter struct {
	phrase, end []byte
	seen        bool
}

// Write implements io.Writer.
func (s *spotter) Write(p []byte) (int, error) {
	s.end = append(s.end, p...)
	s.seen = s.seen || bytes.Contains(s.end, s.phrase)
	s.end = append(s.end[:0], s.end[max(0, len(s.end)-len(s.phrase)):]...)
	return len(p), nil
}

// median is the middle of values, the lower one of two.
func median[T int64 | time.Duration](values []T) T {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// once runs a command once. A scanner that finds something ends with a status that is not zero; that is no error.
func once(ctx context.Context, limit time.Duration, folder string, c command, said *spotter) (wall, cpu time.Duration, memory int64,
	err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	program := c.args[0]
	if c.bin != "" {
		program = filepath.Join(c.bin, c.args[0])
	}
	cmd := exec.CommandContext(ctx, program, c.args[1:]...)
	cmd.Dir, cmd.Env = folder, quiet(folder)
	if c.refusal != "" {
		cmd.Stdout, cmd.Stderr = said, said
	}
	start := time.Now()
	err = cmd.Run()
	wall = time.Since(start)
	if ctx.Err() != nil {
		return 0, 0, 0, fmt.Errorf("no end after %v", limit)
	}
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return 0, 0, 0, fmt.Errorf("run %s: %w", c.who, err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, 0, errors.New("this system does not count memory")
	}
	return wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10, nil
}

// quiet is an environment in which no scanner calls home or keeps a cache of earlier runs.
func quiet(folder string) []string {
	return append(os.Environ(), "HOME="+folder, "NO_ANALYTICS=1", "PROMPTFOO_DISABLE_TELEMETRY=1", "AISBOM_OFFLINE=1",
		"AISBOM_NO_TELEMETRY=1", "TF_CPP_MIN_LOG_LEVEL=3", "PYTHONWARNINGS=ignore", "PICKET_CONFIG=")
}

// machine describes where this runs.
func machine(ctx context.Context, o options) []string {
	facts := []string{
		"processor: " + firstLine(output(ctx, "sh", "-c", "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1")) +
			", " + firstLine(output(ctx, "nproc")) + " cores",
		"memory: " + firstLine(output(ctx, "sh", "-c", "awk '/MemTotal/{printf \"%.0f GiB\", $2/1048576}' /proc/meminfo")),
		"system: " + firstLine(output(ctx, "sh", "-c", ". /etc/os-release; echo \"$PRETTY_NAME, Linux $(uname -r)\"")),
		"Python: " + firstLine(output(ctx, filepath.Join(o.venv, "shared", "bin", "python"), "--version")),
		"OpenSSL: " + firstLine(output(ctx, "openssl", "version")),
		"Go: " + firstLine(output(ctx, "go", "version")),
		"picket: " + firstLine(output(ctx, "git", "describe", "--always", "--dirty")),
	}
	return facts
}

// output is what a command prints, or why it did not.
func output(ctx context.Context, name string, args ...string) []byte {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return []byte("unknown (" + err.Error() + ")")
	}
	return out
}

// firstLine is the first line of a text.
func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
