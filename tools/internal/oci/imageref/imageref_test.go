package imageref

import "testing"

func TestSubstitute(t *testing.T) {
	images := []Image{
		{Names: []string{"//server:image"}, Reference: "r.example.com/server@sha256:11"},
		{Names: []string{"//server:image2", "@@//server:image2"}, Reference: "r.example.com/two@sha256:22"},
	}
	for _, test := range []struct{ text, want, err string }{
		{
			text: "image: //server:image\nother: '//server:image2' # //server:image\n",
			want: "image: r.example.com/server@sha256:11\nother: 'r.example.com/two@sha256:22' # r.example.com/server@sha256:11\n",
		},
		{
			text: `{"a":"//server:image","b":"@@//server:image2"}`,
			want: `{"a":"r.example.com/server@sha256:11","b":"r.example.com/two@sha256:22"}`,
		},
		{
			text: "//server:image //server:image2 //server:image3 x//server:image //server:image/y",
			want: "r.example.com/server@sha256:11 r.example.com/two@sha256:22 //server:image3 x//server:image //server:image/y",
		},
		{
			text: "//server:image",
			err:  "the text does not name //server:image2 or @@//server:image2, want it in place of the image",
		},
	} {
		got, err := Substitute(test.text, images)
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%q: got %v, want %s", test.text, err, test.err)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.text, got, err, test.want)
		}
	}
}
