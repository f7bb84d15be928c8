package pickle

import (
	"github.com/picketsec/picket/artifact/format"
	"github.com/picketsec/picket/artifact/format/pickle"
)

const (
	plainBytes = 4 << 10 // how much of an inline array is looked at as opcodes at first
	maxViews   = 256     // arrays of which more is looked at where that means to read the content once more
)

// plainView looks at the start of an inline array as pickle.load does, which knows nothing of arrays and runs their bytes as
// opcodes. Where the start ends inside of an opcode, what follows is looked at too. Only calls of imports that a file may not
// make count: other opcodes are chance.
func (j *judge) plainView(r *pickle.Reader) error {
	head, err := r.Peek(plainBytes)
	if err != nil || len(head) < 4 {
		return err
	}
	start := r.Offset()
	head = append([]byte(nil), head...)
	cut, err := j.plainRun(format.BytesBlob(head), 0, start)
	if err != nil || !cut || len(head) < plainBytes {
		return err
	}
	if err := j.in.Budget.Ops(plainBytes); err != nil {
		return err
	}
	if j.views++; j.views > maxViews && j.in.Blob.At() == nil {
		j.out.Gap(start, -1, "more arrays than can be looked at run as opcodes beyond their start")
		return nil
	}
	_, err = j.plainRun(j.in.Blob, start, 0)
	return err
}

// plainRun runs a blob from an offset as opcodes. Cut tells that the run ended because the blob did. Base is where the blob
// starts in the file.
func (j *judge) plainRun(blob *format.Blob, offset, base int64) (cut bool, err error) {
	r, err := pickle.NewReader(blob, offset)
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }() // nothing was written
	quiet := newJudge(j.file)
	m := pickle.NewMachine(j.in.Budget, pickle.HandlerFunc(func(m *pickle.Machine, e *pickle.Effect) error {
		quiet.plainEffect(m, e, base)
		return nil
	}))
	m.Midway = true
	defer m.Close()
	s, err := m.Run(j.ctx, r)
	return err != nil && !s.Stopped && m.Cut(), j.ctx.Err() // array data breaks as a pickle, nearly always at once
}

// plainEffect judges what the bytes of an array do as opcodes.
func (j *judge) plainEffect(m *pickle.Machine, e *pickle.Effect, base int64) {
	const how = " when loaded by pickle.load instead of joblib.load"
	target, summary := e.Callee, "calls "+m.Repr(e.Result, shownCall)+how
	switch e.Kind {
	case pickle.Call:
	case pickle.Build, pickle.SetItems, pickle.Append, pickle.AddItems:
		target, summary = e.Target, "changes "+m.Repr(e.Target, shownCall)+how
	default:
		return
	}
	if m.Kind(target) != pickle.Global {
		return
	}
	const hidden = "opcodes hidden in a joblib array"
	module, name, ok := m.Global(target)
	full := module + "." + name
	if !ok {
		j.report(RuleCodeExecution(), "", base+e.Offset, summary, hidden)
		return
	}
	if _, known := j.det.rules[full]; known || !exactName(full) {
		return
	}
	rule := RuleUnknownGlobal()
	if g, hit := j.det.gadgets.find(full); hit && g.harm.executes() {
		rule = RuleCodeExecution()
	} else if _, _, hit := j.det.gadgets.hops(name); hit {
		rule = RuleCodeExecution()
	}
	j.report(rule, full, base+e.Offset, summary, hidden)
}
