namespace NearCache.TestSupport.Servers;

/// <summary>A server of HTTP, which answers when a request of one of its paths succeeds.</summary>
public abstract class HttpServerProcess : ServerProcess
{
    private readonly Uri _ready;

    /// <param name="ready">The path whose success says that the server answers.</param>
    /// <param name="handler">Sends the requests. Default: a handler that stores cookies.</param>
    protected HttpServerProcess(string ready, HttpMessageHandler? handler = null)
        : base(Ports.Free())
    {
        _ready = new Uri(ready, UriKind.Relative);
        Http = new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = new Uri($"http://{Address}") };
    }

    /// <summary>The client of the server.</summary>
    protected HttpClient Http { get; }

    public override async ValueTask DisposeAsync()
    {
        Http.Dispose();
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync(_ready, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
