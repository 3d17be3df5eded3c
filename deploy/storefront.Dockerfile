# The Storefront as an image. From the root of the repository:
#
#   docker build -f deploy/storefront.Dockerfile -t storefront .
#
# SDK and BASE name the images that it is built with and that it runs on.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE=mcr.microsoft.com/dotnet/aspnet:10.0

FROM $SDK AS build
WORKDIR /source
COPY global.json Directory.Build.props .editorconfig CHANGELOG.md ./
COPY src/ src/
COPY samples/Storefront/ samples/Storefront/
RUN dotnet publish samples/Storefront -c Release -o /app --nologo

FROM $BASE
WORKDIR /app
COPY --from=build /app ./
# A number, so that Kubernetes can see that it is not root. /data is for the file that several processes use as their database.
RUN mkdir /data && chown 1654 /data
USER 1654
ENV ASPNETCORE_HTTP_PORTS=8080
EXPOSE 8080
# The base has no HTTP client: bash asks. Whether it lives, not whether it is ready: a server that is down is no reason to start again.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3"]
ENTRYPOINT ["dotnet", "Storefront.dll"]
