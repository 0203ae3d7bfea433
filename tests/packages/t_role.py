"""The Ansible role."""
