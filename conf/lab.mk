# The lab that this tree is; names the files that `make handin` and
# `make tarball` write.
LAB := ix
