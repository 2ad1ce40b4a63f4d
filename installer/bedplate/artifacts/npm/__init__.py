"""The source kind `npm`: what npm installs or builds."""
