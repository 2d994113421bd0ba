// Package apktime bounds the times that packages and indexes state. They become dates of images, and those are written
// with four digits for the year.
package apktime

import "fmt"

// Max is the last second of the year 9999, in Unix seconds.
const Max = 253402300799

// Check refuses a time, in Unix seconds, that is no date of an image: one before 1970 or after the year 9999.
func Check(seconds int64) error {
	if seconds < 0 || seconds > Max {
		return fmt.Errorf("got %d, want Unix seconds from 0 to %d, the end of the year 9999", seconds, int64(Max))
	}
	return nil
}
