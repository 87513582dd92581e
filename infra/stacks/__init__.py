"""One stack a file, named as the design names them."""
