package pickle

import (
	"unicode/utf8"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/format"
)

// maxName is how many bytes of a name GLOBAL, INST and PERSID take; a longer one is not known.
const maxName = 4 << 10

// name reads a line that names something. Known is false when it is too long to be kept.
func (m *Machine) name(blanks bool) (name string, known bool, err error) {
	line, err := m.line()
	if err != nil {
		return "", false, err
	}
	if len(line) > maxName {
		return "", false, m.anomaly(NameForm, "a name of more than %d bytes", maxName)
	}
	name = string(line)
	if reason := oddName(name, blanks); reason != "" {
		kind := NameForm
		if reason == carriageReturn {
			kind = LineEnding
		}
		err = m.anomaly(kind, "%s: %q", reason, clip([]byte(name)))
	}
	return name, true, err
}

const carriageReturn = "a name ends in a carriage return"

// oddName says why readers may take a name differently; empty when they do not.
func oddName(name string, blanks bool) string {
	if name == "" {
		return "a name is empty"
	}
	if name[len(name)-1] == '\r' {
		return carriageReturn
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c == '\\':
			return "a name has a backslash"
		case c == ' ' && !blanks:
			return "a name has a blank"
		case c < ' ' || c == 0x7f:
			return "a name has a control character"
		case c >= utf8.RuneSelf:
			return "a name has a character that is not ASCII"
		}
	}
	return ""
}

// imported delivers an import and returns the global.
func (m *Machine) imported(module, name string, known bool) (Value, error) {
	m.met |= holdsCallable
	v := value(Global, 0)
	if known {
		v = value(Global, m.globals.add(&m.pool, module, name))
	} else {
		m.met |= holdsUnknown
	}
	m.emit(Import)
	m.effect.Module, m.effect.Name, m.effect.Computed, m.effect.Result = module, name, !known, v
	return v, m.deliver()
}

// names reads the two lines of GLOBAL and INST and imports what they name. A line that is longer than any name that Python can
// import ends every load, and is not read to its end: content that is no pickle may begin like one.
func (m *Machine) names() (Value, error) {
	if line, found, err := m.reader.line(); err == nil && !found && len(line) >= MaxHead {
		return 0, format.Malformed(m.reader.Offset(), "an import of a name of more than %d bytes", MaxHead)
	}
	module, ok, err := m.name(false)
	if err != nil {
		return 0, err
	}
	name, known, err := m.name(false)
	if err != nil {
		return 0, err
	}
	return m.imported(module, name, ok && known)
}

func opGlobal(m *Machine) error {
	v, err := m.names()
	if err != nil {
		return err
	}
	return m.push(v)
}

func opStackGlobal(m *Machine) error {
	at := len(m.stack) - 2
	if at < m.fence {
		return m.underflow()
	}
	module, name := m.stack[at], m.stack[at+1]
	m.stack = m.stack[:at]
	for _, v := range [...]Value{module, name} {
		if k := v.kind(); k != String && k != Unknown && k != Instance {
			if err := m.anomaly(NameNotText, "STACK_GLOBAL of %s", m.Repr(v, 80)); err != nil {
				return err
			}
		}
	}
	m.texts.name(&m.pool, module.index())
	m.texts.name(&m.pool, name.index())
	moduleText, ok := m.Text(module)
	nameText, known := m.Text(name)
	v, err := m.imported(moduleText, nameText, ok && known)
	if err != nil {
		return err
	}
	return m.push(v)
}

func opExt1(m *Machine) error { return m.extension(1) }
func opExt2(m *Machine) error { return m.extension(2) }
func opExt4(m *Machine) error { return m.extension(4) }

// extension pushes what the registry of copyreg has for a code of n bytes; only the one of 4 bytes has a sign.
func (m *Machine) extension(n int) error {
	b, err := m.arg(n)
	if err != nil {
		return err
	}
	var code int64
	switch n {
	case 1:
		code = int64(b[0])
	case 2:
		code = int64(b[0]) | int64(b[1])<<8
	default:
		code = int64(int32(le32(b)))
	}
	if code <= 0 {
		if err := m.anomaly(ExtensionInvalid, "code %d", code); err != nil {
			return err
		}
	}
	m.met |= holdsCallable
	v := m.int(Extension, code)
	m.emit(ExtensionCode)
	m.effect.Code, m.effect.Result = code, v
	if err := m.deliver(); err != nil {
		return err
	}
	return m.push(v)
}

func opPersID(m *Machine) error {
	name, known, err := m.name(true)
	if err != nil {
		return err
	}
	id := value(String, 0)
	if known {
		id = value(String, m.texts.add(&m.pool, []byte(name)))
	}
	return m.persistent(name, id)
}

func opBinPersID(m *Machine) error {
	id, ok := m.pop()
	if !ok {
		return m.underflow()
	}
	return m.persistent("", id)
}

// persistent pushes what the loader makes of an ID.
func (m *Machine) persistent(name string, id Value) error {
	m.contain([]Value{id})
	v := m.objects.add(&m.pool, Persistent, 0, id)
	if f := m.objects.flags(v); f != nil {
		*f |= foreign
	}
	m.emit(PersistentID)
	m.effect.Name, m.effect.State, m.effect.Result = name, id, v
	if err := m.deliver(); err != nil {
		return err
	}
	return m.push(v)
}

func opReduce(m *Machine) error { return m.callTop(2) }
func opNewObj(m *Machine) error { return m.callTop(2) }

func opNewObjEx(m *Machine) error { return m.callTop(3) }

// callTop calls the callee that is n values deep with the arguments above it.
func (m *Machine) callTop(n int) error {
	at := len(m.stack) - n
	if at < m.fence {
		return m.underflow()
	}
	callee, args, kwargs := m.stack[at], m.stack[at+1], Value(0)
	if n == 3 {
		kwargs = m.stack[at+2]
	}
	m.stack = m.stack[:at]
	return m.call(callee, args, kwargs)
}

func opInst(m *Machine) error {
	callee, err := m.names()
	if err != nil {
		return err
	}
	args, err := m.popMark()
	if err != nil {
		return err
	}
	return m.call(callee, m.build(Tuple, args), 0)
}

func opObj(m *Machine) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return m.underflow()
	}
	callee := items[0]
	return m.call(callee, m.build(Tuple, items[1:]), 0)
}

// call pushes the instance that a call returns, and delivers the call before.
func (m *Machine) call(callee, args, kwargs Value) error {
	if k := callee.kind(); k != Unknown && k < Global {
		if err := m.anomaly(CalleeForm, "%s of %s", m.op.name, m.Repr(callee, 80)); err != nil {
			return err
		}
	}
	if args.kind() != Tuple || kwargs != 0 && kwargs.kind() != Dict {
		if err := m.anomaly(ArgsForm, "%s with %s", m.op.name, m.Repr(args, 80)); err != nil {
			return err
		}
	}
	v := m.instance(callee, args, kwargs)
	m.emit(Call)
	m.effect.Callee, m.effect.Args, m.effect.Kwargs, m.effect.Result = callee, args, kwargs, v
	if err := m.deliver(); err != nil {
		return err
	}
	return m.push(v)
}

// instance makes the result of a call. What was called is not part of it, unless nobody can know what that was.
func (m *Machine) instance(callee, args, kwargs Value) Value {
	parts := [...]Value{args, kwargs}
	given := parts[:1]
	if kwargs != 0 {
		given = parts[:2]
	}
	flags := m.contain(given)
	if k := callee.kind(); k != Global && k != Extension || callee == value(Global, 0) {
		flags |= holdsUnknown
	}
	m.met |= flags & taints
	v := m.objects.add(&m.pool, Instance, callee, args)
	if f := m.objects.flags(v); f != nil && callee.kind() == Global {
		*f |= callee.index() << makerShift
	}
	m.objects.extend(&m.pool, v, given[1:], flags)
	return v
}

func opBuild(m *Machine) error {
	at := len(m.stack) - 1
	if at-1 < m.fence {
		return m.underflow()
	}
	target, state := m.stack[at-1], m.stack[at]
	m.stack = m.stack[:at]
	if !fits(target, Instance) {
		if err := m.anomaly(TargetForm, "BUILD on %s", m.Repr(target, 80)); err != nil {
			return err
		}
	}
	m.mutate(target, Instance, []Value{state})
	m.emit(Build)
	m.effect.Target, m.effect.State = target, state
	before := m.reader.Offset()
	if err := m.deliver(); err != nil {
		return err
	}
	return m.inline(before)
}

// inline accounts for raw data that the handler took out of the stream.
func (m *Machine) inline(before int64) error {
	after := m.reader.Offset()
	if after == before || m.frame == noFrame {
		return nil
	}
	end := m.frame
	m.frame = noFrame
	if before == end {
		return nil
	}
	return m.anomaly(FrameStraddle, "%d bytes of raw data inside of a frame", after-before)
}

// Repr writes v as Python would, like os.system("echo x"), at most limit bytes long, printable, with … for what is left out
// or not known.
func (m *Machine) Repr(v Value, limit int) string {
	w := writer{m: m, left: min(limit, 1<<16), nodes: maxNodes}
	w.value(v, 0)
	return picket.Printable(string(w.buf), limit)
}
