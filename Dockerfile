# docker build -t phonelm . && docker run -p 7860:7860 phonelm
FROM python:3.11-slim
RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /home/user/phonelm
COPY --chown=user requirements.txt .
# PIP_ARGS="--extra-index-url ..." with PyTorch's index of CPU wheels makes the image several GB smaller.
ARG PIP_ARGS=""
RUN pip install --no-cache-dir --user $PIP_ARGS -r requirements.txt
COPY --chown=user app.py .
COPY --chown=user phonelm phonelm
COPY --chown=user checkpoints checkpoints
EXPOSE 7860
CMD ["python", "app.py", "--host", "0.0.0.0", "--port", "7860"]
