# One image for every role: `serve` (the default), `worker`, `migrate`, and the command line client.
#   docker build -t granary .
# Built from the full feed: Microsoft.Orleans itself, never its stand-in.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 RestrictedFeed=false
# Restored first, so that a change of source alone does not fetch the packages again.
COPY NuGet.config Directory.Build.props Directory.Build.targets Directory.Packages.props .editorconfig Orleans.sln ./
COPY eng/ eng/
COPY grain-interfaces/*.csproj grain-interfaces/
COPY stores/*.csproj stores/
COPY catalog/*.csproj catalog/
COPY grains/*.csproj grains/
COPY client-api/*.csproj client-api/
COPY silo/*.csproj silo/
COPY admin/*.csproj admin/
RUN dotnet restore silo/Granary.Silo.csproj && dotnet restore admin/Granary.Admin.csproj
COPY . .
RUN dotnet publish silo/Granary.Silo.csproj -c Release --no-restore -o /out/silo \
 && dotnet publish admin/Granary.Admin.csproj -c Release --no-restore -o /out/admin

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# The data folder belongs to the one user that everything runs as; a volume mounted there inherits it.
RUN groupadd --gid 10001 granary && useradd --uid 10001 --gid granary --no-create-home --shell /usr/sbin/nologin granary \
 && mkdir /data && chown granary:granary /data
COPY --from=build /out/silo /opt/granary/silo
COPY --from=build /out/admin /opt/granary/admin
COPY --chmod=755 deploy/entrypoint.sh /usr/local/bin/granary
ENV GRANARY_DATA=/data GRANARY_LISTEN=0.0.0.0 GRANARY_PORT=8080
USER 10001:10001
VOLUME /data
# 8080 clients, 8081 silos among themselves (stores), 11111 silos among themselves (grains)
EXPOSE 8080 8081 11111
STOPSIGNAL SIGTERM
ENTRYPOINT ["granary"]
CMD ["serve"]
