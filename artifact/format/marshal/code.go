package marshal

// codeObject reads the fields of a code object in the order of the layout.
func (d *decoder) codeObject(v *Value, depth int) error {
	d.code = true
	c := &Code{}
	var ignored int64
	numbers := map[Layout][]*int64{
		Python27:  {&c.ArgCount, &ignored, &ignored, &c.Flags},                     // and locals, stack
		Python36:  {&c.ArgCount, &ignored, &ignored, &ignored, &c.Flags},           // and keyword-only
		Python38:  {&c.ArgCount, &ignored, &ignored, &ignored, &ignored, &c.Flags}, // and positional-only
		Python311: {&c.ArgCount, &ignored, &ignored, &ignored, &c.Flags},           // without locals
	}[d.layout]
	for _, n := range numbers {
		var err error
		if *n, err = d.long(); err != nil {
			return err
		}
		if *n < 0 {
			return d.malformed("a number of a code object is negative")
		}
	}
	var err error
	if c.Bytecode, err = d.raw(depth); err != nil {
		return err
	}
	consts, err := d.field(depth, Tuple, Tuple)
	if err != nil {
		return err
	}
	c.Consts = consts.Items
	if c.Names, err = d.strings(depth); err != nil {
		return err
	}
	if c.Locals, err = d.strings(depth); err != nil {
		return err
	}
	if err := d.rest(c, depth); err != nil {
		return err
	}
	v.Kind, v.Code = CodeObject, c
	return nil
}

// rest reads the fields after the names of variables.
func (d *decoder) rest(c *Code, depth int) (err error) {
	if d.layout == Python311 {
		if _, err := d.raw(depth); err != nil { // the kinds of the variables
			return err
		}
	} else {
		if c.Free, err = d.strings(depth); err != nil {
			return err
		}
		if c.Cells, err = d.strings(depth); err != nil {
			return err
		}
	}
	texts := []*string{&c.Filename, &c.Name}
	if d.layout == Python311 {
		texts = append(texts, &c.Qualname)
	}
	for _, s := range texts {
		text, err := d.field(depth, d.textKind(), String)
		if err != nil {
			return err
		}
		*s = text.Text()
	}
	if c.FirstLine, err = d.long(); err != nil {
		return err
	}
	if _, err := d.raw(depth); err != nil { // line numbers
		return err
	}
	if d.layout == Python311 {
		_, err = d.raw(depth) // exception table
	}
	return err
}

// textKind is the kind that names have.
func (d *decoder) textKind() Kind {
	if d.layout == Python27 {
		return Bytes
	}
	return String
}

// field reads a value that must be of one of two kinds.
func (d *decoder) field(depth int, kind, other Kind) (*Value, error) {
	v, err := d.value(depth + 1)
	if err != nil {
		return nil, err
	}
	if v == nil || v.Kind != kind && v.Kind != other {
		return nil, d.malformed("a field of a code object is of the wrong type")
	}
	return v, nil
}

// raw reads a field of bytes.
func (d *decoder) raw(depth int) ([]byte, error) {
	v, err := d.field(depth, Bytes, Bytes)
	if err != nil {
		return nil, err
	}
	return v.Raw, nil
}

// strings reads a tuple of names.
func (d *decoder) strings(depth int) ([]string, error) {
	v, err := d.field(depth, Tuple, Tuple)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(v.Items))
	for _, item := range v.Items {
		if item.Kind != d.textKind() && item.Kind != String {
			return nil, d.malformed("a name of a code object is not text")
		}
		if err := d.copied(len(item.Raw)); err != nil {
			return nil, err
		}
		list = append(list, item.Text())
	}
	return list, nil
}
