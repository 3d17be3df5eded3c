# The command-line tool as an image. From the root of the repository:
#
#   docker build -f deploy/nearcache.Dockerfile -t nearcache .
#   docker run --rm -v $PWD/appsettings.json:/settings/appsettings.json:ro nearcache doctor
#
# SDK and BASE name the images that it is built with and that it runs on.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE=mcr.microsoft.com/dotnet/aspnet:10.0

FROM $SDK AS build
WORKDIR /source
COPY global.json Directory.Build.props .editorconfig CHANGELOG.md ./
COPY src/ src/
RUN dotnet publish src/NearCache.Cli -c Release -o /app --nologo

FROM $BASE
COPY --from=build /app /app
# A number, so that Kubernetes can see that it is not root.
USER 1654
WORKDIR /settings
ENTRYPOINT ["dotnet", "/app/NearCache.Cli.dll"]
