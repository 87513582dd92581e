"""The media library of the desk: its pages, the data that its scripts ask for, and the picker that forms include."""
