package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format/weights"
	"github.com/picketsec/picket/artifact/source/resolve"
	"github.com/picketsec/picket/detect"
	"github.com/picketsec/picket/internal/layout"
	"github.com/picketsec/picket/internal/limits"
	"github.com/picketsec/picket/report"
)

func newConvertCmd(env Env) *cobra.Command {
	var flags scanFlags
	var key string
	cmd := &cobra.Command{
		Use:   "convert MODEL OUT.safetensors",
		Short: "Write the weights of a PyTorch file as safetensors, without executing it",
		Long: "Convert scans the file first and refuses anything but a clean one. Then it reads from the pickle which tensors there\n" +
			"are, builds nothing, and writes their bytes. Tensors in nested dictionaries get names joined by dots; --key takes one\n" +
			"dictionary. What is no tensor, such as the state of an optimiser, is left out and named.\n\n" +
			"Exit codes: 0 written · 1 error · 2 usage · 3 the file has a finding · 4 a part of it was not read.",
		Example: "  picket convert pytorch_model.bin model.safetensors\n  picket convert --key state_dict checkpoint.pt model.safetensors",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return convert(cmd.Context(), env, flags, key, args[0], args[1])
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&key, "key", "", "take only the tensors of the dictionary `NAME`, and drop the name; dots go deeper")
	return cmd
}

// convert scans, lists, and writes.
func convert(ctx context.Context, env Env, flags scanFlags, key, from, to string) error {
	if from == "-" {
		return usagef("convert: standard input can be read only once; name a file or an address")
	}
	info, err := os.Stat(from)
	if err == nil && info.IsDir() {
		return usagef("convert %s: it is a folder; name the file of weights in it", from)
	}
	if same, err := os.Stat(to); err == nil && info != nil && os.SameFile(info, same) {
		return usagef("convert %s: the output is the input", from)
	}
	i, err := flags.open(ctx, env, []string{from})
	if err != nil {
		return err
	}
	defer i.Close() //nolint:errcheck // opened for reading only
	from = resolve.Show(from)
	if n := len(i.listing.Items); n != 1 {
		return usagef("convert %s: it holds %s; name the file of weights in it", from, layout.Count(n, "file"))
	}
	scan, err := i.run(ctx)
	if err != nil {
		return err
	}
	if end := refused(scan); end != exitOK {
		table, err := report.Lookup("table")
		if err != nil {
			return err
		}
		if err := table.Write(env.Stderr, scan, report.Options{Color: false, Width: env.OutColumns, FailOn: picket.High}); err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "picket: convert %s: only a clean file is converted\n", from)
		return end
	}
	return writeConverted(ctx, env, i.listing.Items[0], key, from, to)
}

// refused is the exit code for a file that is not clean.
func refused(scan picket.Scan) exitCode {
	if end := outcome(scan, picket.Medium); end != exitOK {
		return end
	}
	if scan.Verdict() != picket.Clean {
		return exitUnread
	}
	return exitOK
}

// writeConverted writes the tensors of an item that was found clean.
func writeConverted(ctx context.Context, env Env, item detect.Item, key, from, to string) (err error) {
	opened, err := item.Open()
	if err != nil {
		return fmt.Errorf("open %s: %w", from, err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	probe, err := detect.NewProbe(opened.Blob)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	set, err := weights.List(ctx, opened.Blob, probe, limits.NewBudget(limits.Default()))
	if err != nil {
		return fmt.Errorf("convert %s: %w", from, err)
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	tensors := below(set.Tensors, key)
	if len(tensors) == 0 {
		return usagef("convert %s: there is no tensor%s; it has %s", from, under(key), dictionaries(set.Tensors))
	}
	var size int64
	err = replaceFile(to, func(w io.Writer) error {
		size, err = weights.WriteSafetensors(ctx, w, tensors, map[string]string{"format": "pt"})
		if err == nil {
			err = opened.Settled()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("convert %s: %w", from, err)
	}
	fmt.Fprintf(env.Stdout, "wrote %s: %s, %s\n", filepath.ToSlash(to), layout.Count(len(tensors), "tensor"), layout.Bytes(size))
	for _, o := range set.Others {
		fmt.Fprintf(env.Stdout, "left out: %s (%s)\n", picket.Printable(o.Name, picket.MaxExcerpt), picket.Printable(o.What, picket.MaxExcerpt))
	}
	return nil
}

// below takes the tensors whose names begin with a key and a dot, and drops that.
func below(tensors []weights.Tensor, key string) []weights.Tensor {
	if key == "" {
		return tensors
	}
	var list []weights.Tensor
	for _, t := range tensors {
		if rest, ok := strings.CutPrefix(t.Name, key+"."); ok {
			t.Name = rest
			list = append(list, t)
		}
	}
	return list
}

// under names a key for a message.
func under(key string) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf(" under %q", key)
}

// dictionaries lists the first parts of the names, for a message.
func dictionaries(tensors []weights.Tensor) string {
	const most = 8
	var names []string
	seen := map[string]bool{}
	for _, t := range tensors {
		first, _, _ := strings.Cut(t.Name, ".")
		if !seen[first] && len(names) < most {
			seen[first] = true
			names = append(names, fmt.Sprintf("%q", picket.Printable(first, 40)))
		}
	}
	if len(names) == 0 {
		return "none at all"
	}
	return "tensors under " + strings.Join(names, ", ")
}
