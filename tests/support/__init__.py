"""What the tests share: waiting, processes, a screen."""
