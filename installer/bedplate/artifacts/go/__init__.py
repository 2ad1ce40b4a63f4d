"""The source kind `go`: programs and files from Go modules."""
