// Command hashing compares how fast picket digest, openssl on every core and the Python tool model_signing hash a model: large
// files, and many small ones. It is for whoever changes how content is read. It makes the files itself, runs the tools by
// turns on the same machine, and writes a table of the fastest runs; it judges nothing.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var b bench
	flag.StringVar(&b.picket, "picket", "bin/picket", "the program to measure")
	flag.StringVar(&b.python, "python", ".venv/bin/python", "interpreter with model_signing; left out when it is not there")
	flag.Int64Var(&b.bytes, "bytes", 5_000_000_000, "bytes in large files")
	flag.IntVar(&b.files, "files", 20_000, "number of small files")
	flag.IntVar(&b.runs, "runs", 5, "runs of each tool")
	flag.StringVar(&b.dir, "dir", "", "folder for the files, removed afterwards (default: the system's temporary folder)")
	out := flag.String("out", "docs/benchmarks-evidence.md", "page to write the table into, between its markers")
	flag.Parse()
	if err := b.run(ctx, *out); err != nil {
		fmt.Fprintln(os.Stderr, "hashing:", err)
		os.Exit(1)
	}
}

// bench is one comparison.
type bench struct {
	picket, python, dir string
	bytes               int64
	files, runs         int
}

// corpus is a model to hash.
type corpus struct {
	name, dir string
	bytes     int64
}

// tool is a program to measure; command hashes a folder.
type tool struct {
	name    string
	command func(dir string) []string
}

// tools are those that are there. Each prints or computes the SHA-256 of every file.
func (b *bench) tools() []tool {
	cache := filepath.Join(b.dir, "cache")
	tools := []tool{
		{"picket digest", func(dir string) []string { return []string{b.picket, "digest", "--quiet", dir} }},
		{"picket digest --hash-cache, again", func(dir string) []string {
			return []string{b.picket, "digest", "--quiet", "--hash-cache", cache + filepath.Base(dir), dir}
		}},
		{fmt.Sprintf("openssl dgst -sha256 × %d", runtime.NumCPU()), func(dir string) []string {
			line := fmt.Sprintf("find '%s' -type f -print0 | xargs -0 -P %d -n %d openssl dgst -sha256 >/dev/null", dir, runtime.NumCPU(), b.batch(dir))
			return []string{"sh", "-c", line}
		}},
	}
	if _, err := os.Stat(b.python); err == nil {
		tools = append(tools, tool{"model_signing (Python)", func(dir string) []string {
			return []string{b.python, "-c", "import sys, model_signing; model_signing.hashing.hash(sys.argv[1])", dir}
		}})
	}
	return tools
}

// batch is how many files one openssl gets: all cores have work, and starting the program does not count.
func (b *bench) batch(dir string) int {
	if filepath.Base(dir) == "large" {
		return 1
	}
	return max(1, min(500, b.files/(4*runtime.NumCPU())))
}

// run makes the files, measures, and writes the page.
func (b *bench) run(ctx context.Context, out string) (err error) {
	if b.dir, err = os.MkdirTemp(b.dir, "picket-hashing-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	corpora, err := b.corpora()
	if err != nil {
		return err
	}
	var rows []row
	for _, c := range corpora {
		measured, err := b.measure(ctx, c)
		if err != nil {
			return err
		}
		rows = append(rows, measured...)
	}
	return writePage(out, b.table(rows))
}

// corpora makes both models. The content is random, so that nothing on the way can compress it.
func (b *bench) corpora() ([]corpus, error) {
	block := make([]byte, 16<<20)
	if _, err := rand.Read(block); err != nil {
		return nil, err
	}
	large, small := filepath.Join(b.dir, "large"), filepath.Join(b.dir, "small")
	const parts = 10
	for i := range parts {
		if err := makeFile(filepath.Join(large, fmt.Sprintf("w-%02d.bin", i)), block, b.bytes/parts); err != nil {
			return nil, err
		}
	}
	var total int64
	for i := range b.files {
		size := int64(500 + i*37%8000)
		total += size
		if err := makeFile(filepath.Join(small, fmt.Sprintf("d%03d", i/200), fmt.Sprintf("f%d.txt", i)), block[i:], size); err != nil {
			return nil, err
		}
	}
	return []corpus{
		{fmt.Sprintf("%d large files, %.1f GB", parts, float64(b.bytes)/1e9), large, b.bytes / parts * parts},
		{fmt.Sprintf("%d small files, %.0f MB", b.files, float64(total)/1e6), small, total},
	}, nil
}

// makeFile writes size bytes that repeat block.
func makeFile(name string, block []byte, size int64) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for size > 0 && err == nil {
		var n int
		n, err = f.Write(block[:min(size, int64(len(block)))])
		size -= int64(n)
	}
	return err
}

// row is the outcome of one tool on one model.
type row struct {
	corpus   corpus
	tool     string
	fastest  time.Duration
	median   time.Duration
	baseline bool
}

// measure runs the tools by turns, after one run that warms the file cache and fills the hash cache.
func (b *bench) measure(ctx context.Context, c corpus) ([]row, error) {
	tools := b.tools()
	times := make([][]time.Duration, len(tools))
	time.Sleep(3 * time.Second) // the hash cache leaves out files that were just written
	for run := range b.runs + 1 {
		for i, t := range tools {
			argv := t.command(c.dir)
			start := time.Now()
			if text, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("run %s: %w: %s", t.name, err, text)
			}
			if run > 0 {
				times[i] = append(times[i], time.Since(start))
			}
		}
	}
	var rows []row
	for i, t := range tools {
		slices.Sort(times[i])
		rows = append(rows, row{c, t.name, times[i][0], times[i][len(times[i])/2], i == 0})
	}
	return rows, nil
}

// table is the outcome in Markdown. The ratio is the time of the tool over that of picket digest on the same files.
func (b *bench) table(rows []row) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d cores, %s/%s, %d runs by turns, files in the cache of the operating system.\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, b.runs)
	s.WriteString("| Model | Tool | Fastest | Median | MB/s | Time × picket |\n|---|---|--:|--:|--:|--:|\n")
	var base time.Duration
	for _, r := range rows {
		if r.baseline {
			base = r.fastest
		}
		fmt.Fprintf(&s, "| %s | %s | %.3f s | %.3f s | %.0f | %.2f |\n", r.corpus.name, r.tool, r.fastest.Seconds(), r.median.Seconds(),
			float64(r.corpus.bytes)/1e6/r.fastest.Seconds(), r.fastest.Seconds()/base.Seconds())
	}
	return s.String()
}

// The markers around the table.
const (
	begin = "<!-- bench/hashing -->\n"
	end   = "<!-- /bench/hashing -->\n"
)

// writePage puts the table between the markers of a page, and prints it. A page that is missing is made.
func writePage(name, table string) error {
	fmt.Print(table)
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		data = []byte("# Hashing\n\n`go run ./bench/hashing` measures it.\n\n" + begin + end)
	} else if err != nil {
		return err
	}
	page := string(data)
	from, to := strings.Index(page, begin), strings.Index(page, end)
	if from < 0 || to < from {
		return fmt.Errorf("%s has no markers %q and %q", name, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	page = page[:from+len(begin)] + table + page[to:]
	return os.WriteFile(name, []byte(page), 0o644)
}
