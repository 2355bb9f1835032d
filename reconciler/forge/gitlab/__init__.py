"""GitLab behind the forge's protocol: its REST API v4, and the variables of GitLab CI/CD."""
