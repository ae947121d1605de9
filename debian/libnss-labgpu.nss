# After every other source: labgpu has no answer for a name that somebody else owns. The postinst lets it pass nss-systemd.
passwd last labgpu
group last labgpu
shadow last labgpu
