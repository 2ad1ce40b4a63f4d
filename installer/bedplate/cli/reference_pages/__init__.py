"""The generated part of docs/reference: pages whose text is the code's own."""
