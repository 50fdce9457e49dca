# docker build -t phonelm . && docker run -p 7860:7860 phonelm
FROM python:3.11-slim
RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /home/user/phonelm
ENV PATH=/home/user/.local/bin:$PATH
COPY --chown=user requirements.lock .
# The lock brings PyTorch with CUDA on Linux. For an image without, several GB smaller, name PyTorch's index of CPU wheels
# (https://pytorch.org/get-started/locally/): docker build --build-arg TORCH_INDEX=... ; PyTorch is then not checked by hash.
ARG TORCH_INDEX=""
RUN if [ -n "$TORCH_INDEX" ]; then \
      pip install --no-cache-dir --user --index-url "$TORCH_INDEX" \
        $(sed -nE 's/^(torch|torchaudio)==([0-9.]+).*/\1==\2/p' requirements.lock) && \
      sed -i -E '/^(torch|torchaudio|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==/,/[^\\]$/d' requirements.lock; \
    fi && \
    pip install --no-cache-dir --user --no-deps --require-hashes -r requirements.lock
COPY --chown=user app.py .
COPY --chown=user phonelm phonelm
COPY --chown=user checkpoints checkpoints
EXPOSE 7860
# Loading the model and compiling for the first time take a minute or two on a slow machine.
HEALTHCHECK --start-period=3m --interval=30s --timeout=10s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=8)"]
CMD ["python", "app.py", "--host", "0.0.0.0", "--port", "7860"]
