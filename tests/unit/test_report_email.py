"""Mails as reports: any bytes give something, real ones give text, sender and files."""

from __future__ import annotations

from email.message import EmailMessage

from hypothesis import example, given
from hypothesis import strategies as st

from callcenter.features.report_email import read_mail

PHOTO = b"\xff\xd8\xff\xe0photo"


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"From": "王芳 <wang@example.com>", "Subject": "空调漏水", **headers}.items():
        message[name.replace("_", "-")] = value
    return message


def test_a_mail_with_a_photo():
    """Subject and body are the text, the sender is the address, the file keeps its name without any path."""
    message = mail(Message_ID="<a@b>")
    message.set_content("家里格力空调漏水\n电话13800138000\n\n> 以前的信\n> 更多")
    message.add_attachment(PHOTO, maintype="image", subtype="jpeg", filename="../../照片.jpg")
    found = read_mail(message.as_bytes())
    assert (found.message_id, found.sender) == ("<a@b>", "wang@example.com")
    assert found.text == "空调漏水\n家里格力空调漏水\n电话13800138000"
    assert [(file.filename, file.content) for file in found.files] == [("照片.jpg", PHOTO)]


def test_a_page_is_read_as_its_words():
    """HTML alone: the words of its blocks, no scripts, no styles."""
    message = mail(Subject="")
    message.set_content("<style>p{}</style><p>冰箱</p><div>不制冷<br>急</div><script>x()</script>", subtype="html")
    assert read_mail(message.as_bytes()).text == "冰箱\n不制冷\n急"


def test_a_charset_that_lies_is_read_as_gb18030():
    """Old clients declare what is not so."""
    raw = b"From: a@b.c\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" + "洗衣机不转".encode("gb18030")
    assert read_mail(raw).text == "洗衣机不转"


def test_without_a_message_id_the_bytes_are_the_key():
    """The same bytes have the same key, others another."""
    one, two = read_mail(b"Subject: a\r\n\r\nx"), read_mail(b"Subject: a\r\n\r\ny")
    assert one.message_id == read_mail(b"Subject: a\r\n\r\nx").message_id != two.message_id


def test_a_reply_keeps_what_it_only_quotes():
    """A mail that begins with a quotation is not emptied."""
    assert read_mail(b"\r\n> all of it is quoted").text == "> all of it is quoted"


@given(st.binary(max_size=400))
@example(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed\r\n\r\n--x--")
@example(b"From: =?utf-8?q?=\r\nSubject: =?x?y?z?=\r\nMessage-ID: [\r\nContent-Type: text/html; charset=nope\r\n\r\n<p")
def test_any_bytes_are_read(raw: bytes):
    """Nothing that comes in breaks the reader; the text holds no NUL."""
    found = read_mail(raw)
    assert found.message_id
    assert "\x00" not in found.text
