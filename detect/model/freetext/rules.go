package freetext

import "github.com/picketsec/picket"

// Rules lists the rules that a Judge reports; a detector that uses one adds them to its own.
func Rules() []picket.Rule {
	return []picket.Rule{ruleCode(), ruleMarkup(), ruleEscape(), ruleHidden(), rulePath(), ruleSecret(), ruleLink()}
}

const remove = "Find out who wrote the text. If it has no purpose, remove it with the library that wrote the model."

func ruleCode() picket.Rule {
	return picket.Rule{
		ID: "model.text.code", Title: "A text in the model holds code",
		Severity: picket.High, Class: picket.Execution,
		What:   "A name, parameter or attribute looks like a call that runs code or a shell command.",
		Why:    "Readers of the format do not execute its texts; programs that evaluate them, and people who paste them, do.",
		Remedy: remove, References: picket.Refs("CWE-94", "CWE-95"),
	}
}

func ruleMarkup() picket.Rule {
	return picket.Rule{
		ID: "model.text.markup", Title: "A text in the model holds active markup",
		Severity: picket.High, Class: picket.Content,
		What:   "A name, parameter or attribute holds a script, or HTML that runs one, for a page that shows it.",
		Why:    "Dashboards and notebooks show these texts; one that does not escape them runs the script for every visitor.",
		Remedy: remove, References: picket.Refs("CWE-79"),
	}
}

func ruleEscape() picket.Rule {
	return picket.Rule{
		ID: "model.text.terminal-escape", Title: "A text in the model controls the terminal that shows it",
		Severity: picket.High, Class: picket.Content,
		What:   "A name, parameter or attribute holds escape sequences for terminals.",
		Why:    "Tools print these texts as they are: whoever looks sees something else than what is there; some terminals run commands.",
		Remedy: remove, References: picket.Refs("CWE-150"),
	}
}

func ruleHidden() picket.Rule {
	return picket.Rule{
		ID: "model.text.hidden", Title: "A text in the model holds characters that cannot be seen",
		Severity: picket.High, Class: picket.Content,
		What:   "A name, parameter or attribute holds control characters, or characters that turn the direction of text or carry tags.",
		Why:    "Whoever reviews the text sees something else than programs read; code generated from it may change its meaning.",
		Remedy: remove, References: picket.Refs("CWE-1007", "CWE-116"),
	}
}

func rulePath() picket.Rule {
	return picket.Rule{
		ID: "model.text.path", Title: "A text in the model is a path that leads out of it",
		Severity: picket.High, Class: picket.Content,
		What:   "A name, parameter or attribute holds a path with many steps upwards, or one to credentials or system files.",
		Why:    "Programs that open the files that a model names read or write them outside of its folder.",
		Remedy: remove, References: picket.Refs("CWE-22"),
	}
}

func ruleSecret() picket.Rule {
	return picket.Rule{
		ID: "model.text.secret", Title: "A text in the model looks like a credential",
		Severity: picket.Medium, Class: picket.Content,
		What:       "A name, parameter or attribute has the form of an access key, token, password or private key.",
		Why:        "Whoever can read the model can use it.",
		Remedy:     "Revoke the credential, then remove the text with the library that wrote the model.",
		References: picket.Refs("CWE-312", "CWE-798"),
	}
}

func ruleLink() picket.Rule {
	return picket.Rule{
		ID: "model.text.link", Title: "A text in the model holds an address",
		Severity: picket.Info, Class: picket.Content,
		What:       "A name, parameter or attribute holds a network address. Only the first one is listed.",
		Why:        "Tools that follow addresses in a model contact whoever wrote the file.",
		Remedy:     "Nothing, if the address is the one of the model's authors.",
		References: picket.Refs("CWE-918"),
	}
}
