FROM python:3.11-slim

RUN useradd --create-home --uid 1000 handbill && mkdir /data && chown handbill /data
WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY main.py ./
COPY data data
COPY domain domain
COPY jobs jobs
COPY ui ui

USER handbill
ENV HANDBILL_DATA=/data HANDBILL_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["python", "main.py", "serve"]
