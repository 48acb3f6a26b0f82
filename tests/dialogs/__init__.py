"""wesktop.dialogs, without a window."""
