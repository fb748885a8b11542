# A small image for one-off tasks (--ecs-image) and for runs of pytest in a closed VPC.
# How to build and push it: docs/probe-image.md. The build context is a folder of wheels.

# Without a way to Docker Hub: an image with Python >= 3.11 of your own registry.
ARG BASE_IMAGE=python:3.12-slim
FROM ${BASE_IMAGE}

# Empty: everything is in the wheels, and nothing is fetched. Else the URL of a package index, which
# stays readable in the image: no credentials.
ARG INDEX=""

COPY *.whl /wheels/

RUN if [ -n "${INDEX}" ]; then set -- --index-url "${INDEX}"; else set -- --no-index; fi \
    && python3 -m pip install --no-cache-dir --no-compile --find-links /wheels "$@" \
       pytest-ecs-privatelink \
    && rm -r /wheels

# The id has no name, no home and no rights; what is written is written below /tmp.
USER 10001:10001
WORKDIR /probe
ENV PYTHONDONTWRITEBYTECODE=1 PYTEST_ADDOPTS="-p no:cacheprovider" HOME=/tmp

ENTRYPOINT ["pytest"]
CMD ["--help"]
