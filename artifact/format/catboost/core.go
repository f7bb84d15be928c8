package catboost

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/internal/flatbuffer"
	"github.com/picketsec/picket/internal/limits"
)

// The fields of the tables by their place in the schema.
const (
	coreVersion, coreTrees, coreInfo, coreParts = 0, 1, 2, 3

	treesDimension, treesSplits, treesSizes, treesStarts           = 0, 1, 2, 3
	treesCat, treesFloat, treesOneHot, treesCtr                    = 4, 5, 6, 7
	treesLeaves, treesWeights, treesSteps, treesLeafIDs, treesText = 8, 9, 10, 11, 12
	treesEstimated, treesBias, treesRepacked, treesEmbedding       = 13, 16, 17, 18
)

// versions lists the versions of the form; the first is spelt as CatBoost spells it.
func versions() []string { return []string{"FlabuffersModel_v1"} }

// parts lists what may follow the FlatBuffer: counters of categories, processors of text, embeddings.
func parts() []string {
	return []string{"static_provider_v1", "text_process_v1\x00", "text_process_v2\x00", "embed_process_1\x00"}
}

// core is a model that is being read.
type core struct {
	blob   *format.Blob
	budget *limits.Budget
	visit  Visitor
	model  Model
}

// Read reads a model in the binary form, which needs random access. The error wraps format.ErrMalformed or limits.ErrExceeded,
// or is the visitor's.
func Read(blob *format.Blob, budget *limits.Budget, visit Visitor) (Model, error) {
	head, err := blob.ReadRange(0, headerSize)
	if err != nil {
		return Model{}, format.Malformed(0, "the header is cut short")
	}
	length := int64(binary.LittleEndian.Uint32(head[4:]))
	inner, err := blob.Section(headerSize, length)
	if err != nil {
		visit.Problem(Problem{Kind: Size, Offset: 4, Reason: fmt.Sprintf("the model claims %d bytes of %d", length, blob.Size()-headerSize)})
		return Model{}, err
	}
	c := &core{blob: blob, budget: budget, visit: visit, model: Model{Core: headerSize + length, End: headerSize + length}}
	buffer, err := flatbuffer.New(inner, budget)
	if err != nil {
		return c.model, err
	}
	root, err := buffer.Root()
	if err != nil {
		return c.model, err
	}
	return c.model, c.root(root)
}

func (c *core) problem(kind Kind, at int64, name, reason string, args ...any) {
	c.visit.Problem(Problem{Kind: kind, Offset: headerSize + at, Name: name, Reason: fmt.Sprintf(reason, args...)})
}

// text reads a text of a table and hands it on.
func (c *core) text(t flatbuffer.Table, field int, place string) (string, error) {
	value, ok, err := t.Text(field, MaxText+1)
	if err != nil || !ok {
		return "", err
	}
	return value, c.visit.Text(Text{Place: place, Value: value[:min(len(value), MaxText)], Cut: len(value) > MaxText, Offset: headerSize + t.Offset})
}

// root reads the outermost table.
func (c *core) root(root flatbuffer.Table) error {
	version, err := c.text(root, coreVersion, "version")
	if err != nil {
		return err
	}
	if !slices.Contains(versions(), version) {
		c.problem(Unknown, root.Offset, version, "a version that CatBoost does not write")
	}
	info, err := root.Offsets(coreInfo)
	if err != nil {
		return err
	}
	err = info.Tables(func(_ int64, t flatbuffer.Table) error {
		key, err := c.text(t, 0, "information")
		if err == nil {
			_, err = c.text(t, 1, "information "+key)
		}
		return err
	})
	if err != nil {
		return err
	}
	trees, ok, err := root.Table(coreTrees)
	if err != nil {
		return err
	}
	if !ok {
		return format.Malformed(headerSize+root.Offset, "a model without trees")
	}
	if err := c.trees(trees); err != nil {
		return err
	}
	return c.behind(root)
}

// behind accounts for the parts behind the FlatBuffer. What the parts hold is tables of numbers, which are not read.
func (c *core) behind(root flatbuffer.Table) error {
	names, err := root.Offsets(coreParts)
	if err != nil {
		return err
	}
	for i := range names.Len {
		name, err := names.Text(i, 64)
		if err != nil {
			return err
		}
		if !slices.Contains(parts(), name) {
			c.problem(Unknown, root.Offset, name, "a part that CatBoost does not write")
			continue
		}
		if err := c.part(name); err != nil {
			return err
		}
	}
	return nil
}

// part finds the end of a part that begins where the last one ended.
func (c *core) part(name string) error {
	start := c.model.End
	if name != "static_provider_v1" {
		head, err := c.blob.ReadRange(start, int64(min(16, len(name))))
		if err != nil || string(head) != name[:len(head)] {
			return format.Malformed(start, "a part is not where the model says")
		}
		c.model.End = c.blob.Size() // its tables lie up to the end
		return nil
	}
	word := func(at int64) (int64, error) {
		b, err := c.blob.ReadRange(at, 4)
		if err != nil {
			return 0, format.Malformed(at, "the counters of categories are cut short")
		}
		return int64(binary.LittleEndian.Uint32(b)), nil
	}
	tables, err := word(start)
	at := start + 4
	for i := int64(0); err == nil && i < tables; i++ {
		var n int64
		if n, err = word(at); err == nil && n > c.blob.Size()-at-4 {
			c.problem(Size, at-headerSize, "", "table %d of %d of the counters claims %d bytes", i, tables, n)
			return format.Malformed(at, "a table of the counters is cut short")
		}
		at += 4 + n
		if err == nil {
			err = c.budget.Ops(1)
		}
	}
	c.model.End = min(at, c.blob.Size())
	return err
}
