//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"context"
	"fmt"
	"log/slog"
)

// gnetLogger takes gnet's messages. Its warnings can be brought about by peers,
// who must not be able to fill a log.
type gnetLogger struct{ *slog.Logger }

func (l gnetLogger) Debugf(format string, args ...any) { l.debug(format, args) }
func (l gnetLogger) Infof(format string, args ...any)  { l.debug(format, args) }
func (l gnetLogger) Warnf(format string, args ...any)  { l.debug(format, args) }
func (l gnetLogger) Errorf(format string, args ...any) {
	l.Error("weft/gnet: " + fmt.Sprintf(format, args...))
}
func (l gnetLogger) Fatalf(format string, args ...any) { l.Errorf(format, args...) }

func (l gnetLogger) debug(format string, args []any) {
	if l.Enabled(context.Background(), slog.LevelDebug) {
		l.Debug("weft/gnet: " + fmt.Sprintf(format, args...))
	}
}
