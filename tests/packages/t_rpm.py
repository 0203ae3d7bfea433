"""The RPM packages."""
