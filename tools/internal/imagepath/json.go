package imagepath

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/rules-apk/rules_apk/tools/internal/jsondoc"
)

// raw is the JSON form of a path that is no UTF-8, of which a string would lose bytes.
type raw struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON writes a string, "." for the root; a path that is no UTF-8 becomes {"base64": "…"}.
func (p Path) MarshalJSON() ([]byte, error) {
	if !utf8.ValidString(p.rel) {
		return json.Marshal(raw{[]byte(p.rel)})
	}
	line, err := jsondoc.Line(p.String())
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// UnmarshalJSON reads what MarshalJSON writes; the path passes the same gate again.
func (p *Path) UnmarshalJSON(data []byte) error {
	var name string
	if len(data) > 0 && data[0] == '{' {
		var r raw
		if err := json.Unmarshal(data, &r); err != nil {
			return err
		}
		name = string(r.Base64)
	} else if err := json.Unmarshal(data, &name); err != nil {
		return err
	}
	if name == "." {
		*p = Path{}
		return nil
	}
	parsed, err := Parse(name)
	*p = parsed
	return err
}
