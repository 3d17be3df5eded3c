using System.Buffers.Text;

namespace NearCache.Memcached.Protocol;

/// <summary>The legal replies to one command. Any other reply means that the position in the stream is lost.</summary>
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Meta Commands"; proto_text.c defines which code requires which flag
// of the request.
internal readonly struct LegalReplies
{
    private const int MaxDigits = 20;
    private const MetaReplyFlags GetFlags = MetaReplyFlags.Winner | MetaReplyFlags.WonByAnother | MetaReplyFlags.Stale;
    private readonly MetaCommandKind _kind;
    private readonly MetaFields _fields;
    private readonly ushort _codes;

    private LegalReplies(MetaCommandKind kind, MetaFields fields, int codes) => (_kind, _fields, _codes) = (kind, fields, (ushort)codes);

    /// <summary>Returns the legal replies to a command.</summary>
    public static LegalReplies For(in MetaCommand command)
    {
        var fields = MetaRules.FieldsOf(command);
        var conditional = command.CompareCas is null ? 0 : Bit(MetaReplyCode.Exists);
        switch (command.Kind)
        {
            case MetaCommandKind.Get:
                return new LegalReplies(command.Kind, fields, Found(fields) | Bit(MetaReplyCode.Miss) | Errors);
            case MetaCommandKind.Set:
                var notStored = command.Mode == MetaSetMode.Set ? 0 : Bit(MetaReplyCode.NotStored);
                var notFound = conditional == 0 ? 0 : Bit(MetaReplyCode.NotFound) | Bit(MetaReplyCode.NotStored);
                return new LegalReplies(command.Kind, fields, Bit(MetaReplyCode.Done) | notStored | notFound | conditional | Errors);
            case MetaCommandKind.Delete:
                return new LegalReplies(command.Kind, fields, Bit(MetaReplyCode.Done) | Bit(MetaReplyCode.NotFound) | conditional | Errors);
            case MetaCommandKind.Arithmetic:
                var absent = command.Vivify is null ? MetaReplyCode.NotFound : MetaReplyCode.NotStored;
                return new LegalReplies(command.Kind, fields, Found(fields) | Bit(absent) | conditional | Errors);
            default:
                return new LegalReplies(MetaCommandKind.NoOp, fields, Bit(MetaReplyCode.NoOp));
        }
    }

    // memcached 1.6.20 adds the size to the reply of a set that requests the CAS.
    private MetaFields Unasked => _kind == MetaCommandKind.Set && _fields != MetaFields.None ? MetaFields.Size : MetaFields.None;

    private static int Errors => Bit(MetaReplyCode.ServerError) | Bit(MetaReplyCode.ClientError);

    /// <summary>Returns whether the line is legal: its code and, with success, exactly the requested fields.</summary>
    public bool Allows(in MetaReply reply) => (_codes & Bit(reply.Code)) != 0 && reply.Code switch
    {
        MetaReplyCode.Value or MetaReplyCode.Done when _kind == MetaCommandKind.Get => reply.Fields == _fields,
        MetaReplyCode.Value or MetaReplyCode.Done =>
            (reply.Fields & ~Unasked) == _fields && (reply.Flags & GetFlags) == 0 && reply.Length <= MaxDigits,
        MetaReplyCode.ClientError => KeepsPosition(reply.Error!),
        _ => (reply.Flags & GetFlags) == 0,
    };

    /// <summary>Returns whether the value after the line, if any, is legal: for arithmetic, a number.</summary>
    public bool AllowsValue(in MetaReply reply, ReadOnlySpan<byte> value) =>
        _kind != MetaCommandKind.Arithmetic
        || reply.Code != MetaReplyCode.Value
        || (
            !value.IsEmpty
                && !value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
                && Utf8Parser.TryParse(value, out ulong _, out var read)
                && read == value.Length);

    private static int Bit(MetaReplyCode code) => 1 << (int)code;

    // Success carries the value if and only if it was requested.
    private static int Found(MetaFields fields) => Bit((fields & MetaFields.Value) != 0 ? MetaReplyCode.Value : MetaReplyCode.Done);

    // After these errors the server continues with the next command. After others ("bad data chunk", "bad command line format") it may
    // interpret data as commands.
    private bool KeepsPosition(string error) =>
        error.Contains("flag", StringComparison.Ordinal)
        || (_kind == MetaCommandKind.Arithmetic
            && (error.Contains("non-numeric", StringComparison.Ordinal) || error.Contains("invalid numeric", StringComparison.Ordinal)));
}
