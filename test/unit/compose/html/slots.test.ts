// HTML as mail really is: which links are tracked, where pixel and blocks go, what a tag becomes where it stands.
import { describe, expect, test } from 'vitest';
import { ampSlots, htmlSlots } from '../../../../src/compose/html/slots.ts';
import { join } from '../../../../src/compose/html/fill.ts';
import { utf8 } from '../../../../src/compose/merge/charset.ts';
import { filledHtml, fillWith, htmlTags, tracked } from './body.ts';

/** Everything that made another rewriter stumble: 15 links to track, marked «n target», and the pixel's place, «». */
const HARD = [
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
  '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml"><head>',
  '<base href="https://base.example/">',
  '<link rel="stylesheet" href="https://shop.example/s.css"/>',
  '<title>T <a href="https://shop.example/title">x</a></title>',
  '<style>a[href="https://shop.example/style"]{}</style>',
  '<script>var a = \'<a href="https://shop.example/script">x</a>\';</script>',
  '</head><BODY bgcolor=white>',
  '<!--[if mso]><v:roundrect href="«1 https://shop.example/vml»" arcsize="8%"><center>Buy</center></v:roundrect><![endif]-->',
  '<!--[if !mso]><!--><A HREF = "«2 https://shop.example/2»">two</A><!--<![endif]-->',
  "<![if !mso]><a href='«3 https://shop.example/3»'>three</a><![endif]>",
  '<!-- <a href="https://shop.example/comment">x</a> -->',
  '<a href=«4 https://shop.example/4/»>four</a>',
  '<a href="«5 https://shop.example/5?a=1&amp;b=2&copy=3»">five</a>',
  '<a class=x href="«6 https://shop.example/6»" href="https://shop.example/second">six</a>',
  '<a href="mailto:a@b.example">m</a><a href="tel:+39">t</a><a href="sms:1">s</a><a href="cid:x">c</a><a href="javascript:x()">j</a>',
  '<a href="#top">a</a><a href="relative/path">r</a><a href="//shop.example/x">p</a><a href="ftp://shop.example/x">f</a><a>none</a><a href>empty</a>',
  '<map name=m><area shape=rect coords="0,0,1,1" href="«7 https://shop.example/7»"></map>',
  '<table><a href="«8 https://shop.example/8»">foster</a><tr><td>x</td></tr></table>',
  '<a href="«9 https://shop.example/9»">outer <a href="«10 https://shop.example/10»">inner</a></a>',
  '<svg><a xlink:href="https://shop.example/svg"><text>svg</text></a></svg>',
  '<textarea><a href="https://shop.example/textarea">x</a></textarea><xmp><a href="https://shop.example/xmp">x</a></xmp>',
  '<noscript><a href="«11 https://shop.example/11»">eleven</a></noscript>',
  'lone\rCR, NUL\0, <?php echo "<a href=\'https://shop.example/php\'>" ?>',
  '<b><i></b></i></p><a href=" «12 HTTPS://Shop.example/12» "><b>twelve</a></b>',
  '<a href="«13 https://user:pw@shop.example:8443/13?q=ü#frag»" title="a > b">thirteen</a>',
  '<a\n\thref\n=\n"«14 https://shop.example/14»"\n>fourteen</a>',
  '<template><a href="https://shop.example/template">x</a></template>',
  '<a/href="«15 https://shop.example/15»"/>fifteen</a>',
  '«»</BODY ></html>',
  '',
].join('\r\n');

describe('a hard document', () => {
  const before = HARD.replace(/«(?:\d+ )?([^»]*)»/g, '$1');
  const wanted = HARD.replace(/ ?«(?:(\d+) )?([^»]*)» ?/g, (_, n: string, target: string) => {
    if (!n) return '<img src="https://c.example/o">';
    return tracked(Number(n), target.replace('&amp;', '&').replace(/&copy(?==)/, '&copy'));
  });

  test('has its 15 links tracked and its pixel set, and no other byte changed', () => {
    // The space around a target goes with the attribute's whole value.
    const after = filledHtml(before, {}, { pixel: true });
    expect(after).toBe(wanted.replace(/href="(https:\/\/c\.example\/12[^"]*)"/, 'href="$1"'));
  });

  test('says how many links there are', () => {
    const compiled = htmlSlots(utf8.encode(before, 'html'), { charset: utf8, clicks: true, pixel: true });
    expect(compiled.links).toBe(15);
    expect(compiled.problem).toBeUndefined();
  });

  test('stays as it is where nothing is wanted', () => {
    expect(htmlSlots(utf8.encode(before, 'html'), { charset: utf8 }).slots).toEqual([]);
    expect(filledHtml(before, {}, { clicks: false, tags: undefined })).toBe(before);
  });
});

describe('a link is left alone', () => {
  test.each([
    '<a href="https://x.example/" data-postino-no-track>t</a>',
    '<a data-pm-no-track href="https://x.example/">t</a>',
    '<a href="https://x.example/" clicktracking=off>t</a>',
    '<a href="https://x.example/" clicktracking="OFF">t</a>',
    '<a href="https://x.example/" data-msys-clicktrack="0">t</a>',
    '<a href="https://x.example/" mc:disable-tracking>t</a>',
    '<a href="https://x.example/" disable-tracking=true>t</a>',
    '<a href="https://x.example/">https://x.example/</a>',
    '<a href="https://x.example/"> <b>www.</b>x.example</a>',
    '<a href="https://x.example/">x.example</a>',
    '<a href="https://x.example/">https&#58;//other.example</a>',
    '<a href="https://x.example/">See https://x.example/ now</a>',
    '<a href="https://x.example/">X.EXAMPLE/path?x</a>',
    '<a href="https://x.example/">m&uuml;ller.example</a>',
    '<a href="https://x.example/">x\u200b.exam\u00adple</a>',
    '<a href="https://x.example/"><table><tr><td>x.example</td></tr></table></a>',
    '<v:rect href="https://x.example/">x.example</v:rect>',
    '<a href="https://x.example/">[site|x.example]</a>',
    '<a href="[unsubscribe_url]">t</a>',
    '<a href="https://x.example/?to=%unsubscribe_url%">t</a>',
    '<a href="*|UNSUB:https://x.example/bye|*">t</a>',
    '<a href="<%asm_group_unsubscribe_raw_url%>">t</a>',
    '<a href="https:///">t</a>',
    '<a href="https://">t</a>',
    '<a href="https://x y/">t</a>',
    '<a href="https://x.example/\u0001">t</a>',
    '<a href="http:x.example">t</a>',
    `<a href="https://x.example/${'a'.repeat(8200)}">t</a>`,
    '<form action="https://x.example/"></form>',
    '<img src="https://x.example/">',
  ])('%s', (html) => expect(filledHtml(html)).toBe(html.replace('[site|x.example]', 'x.example')));

  test.each([
    '<a href="https://x.example/" data-postino-no-track="false">t</a>',
    '<a href="https://x.example/" clicktracking=on>t</a>',
    '<a href="https://x.example/" data-msys-clicktrack=1>t</a>',
    '<a href="https://x.example/">Invoice.pdf</a>',
    '<a href="https://x.example/">Hello. World</a>',
    '<a href="https://x.example/">10.5</a>',
    '<a href="https://x.example/">info@x.example</a>',
    '<a href="https://x.example/"><img alt="https://x.example/"></a>',
    '<a href="https://x.example/">t</a> https://x.example/',
    '<a href="https://x.example/"></a>x.example',
    '<a href="https://x.example/">[site|our shop]</a>',
  ])('%s is not', (html) => expect(filledHtml(html)).toContain(tracked(1, 'https://x.example/')));
});

describe('pixel and blocks', () => {
  const wish = { pixel: true, header: '<p>H</p>', footer: '<p>F</p>' };
  const P = '<img src="https://c.example/o">';

  test.each([
    ['<body>x</body>', `<body><p>H</p>x<p>F</p>${P}</body>`],
    ['<BODY a="</body>">x</Body\n>y', `<BODY a="</body>"><p>H</p>x<p>F</p>${P}</Body\n>y`],
    ['<body>x</body><!-- </body> -->', `<body><p>H</p>x<p>F</p>${P}</body><!-- </body> -->`],
    ['<body>x</body>y</body>', `<body><p>H</p>x</body>y<p>F</p>${P}</body>`],
    ['<body></body>', `<body><p>H</p><p>F</p>${P}</body>`],
    ['x', `<p>H</p>x<p>F</p>${P}`],
    ['', `<p>H</p><p>F</p>${P}`],
    [
      '<!doctype html><html><head><title>t</title></head>x',
      `<!doctype html><html><head><title>t</title></head><p>H</p>x<p>F</p>${P}`,
    ],
    ['<!doctype html><html>x</html>', `<!doctype html><html><p>H</p>x</html><p>F</p>${P}`],
    ['<!doctype html>x', `<!doctype html><p>H</p>x<p>F</p>${P}`],
    ['\ufeffx', `\ufeff<p>H</p>x<p>F</p>${P}`],
    [
      '<!--[if mso]><body></body><![endif]--><p>x',
      `<p>H</p><!--[if mso]><body></body><![endif]--><p>x<p>F</p>${P}`,
    ],
    ['<body>x<a href="', `<body><p>H</p>x<p>F</p>${P}<a href="`],
    ['<body>x<!-- y', `<body><p>H</p>x<p>F</p>${P}<!-- y`],
    ['<body>x<style>y', `<body><p>H</p>x<p>F</p>${P}<style>y`],
    ['<body>[name]</body>', `<body><p>H</p>Bob<p>F</p>${P}</body>`],
  ])('%s', (html, want) => expect(filledHtml(html, { name: 'Bob' }, wish)).toBe(want));

  test('blocks have tags and links of their own, numbered after those of the body', () => {
    const footer = '<a href="[unsubscribe_url]">off</a> <a href="https://f.example/">é [name]</a>';
    const header = '<a href="https://h.example/">h</a>';
    const html = '<body><a href="https://b.example/">b</a></body>';
    const given = { name: 'B&B', unsubscribe_url: 'https://u.example/' };
    expect(filledHtml(html, given, { footer, header })).toBe(
      `<body><a href="${tracked(2, 'https://h.example/')}">h</a><a href="${tracked(1, 'https://b.example/')}">b</a>` +
        `<a href="https://u.example/">off</a> <a href="${tracked(3, 'https://f.example/')}">é B&amp;B</a></body>`,
    );
  });

  test('AMP has links and tags only', () => {
    const source =
      '<html amp4email><body>[name]<a href="https://x.example/">t</a><template>{{name}}</template></body></html>';
    const compiled = ampSlots(source, { charset: utf8, tags: htmlTags, clicks: true, ...wish });
    expect(join(source, compiled.slots, fillWith({ name: '<' }))).toEqual({
      text: `<html amp4email><body>&lt;<a href="${tracked(1, 'https://x.example/')}">t</a><template>{{name}}</template></body></html>`,
    });
  });
});

describe('a tag where it stands', () => {
  const evil = `"><script>'x`;
  const given = {
    name: evil,
    '-name-': evil,
    html: '<b>B</b>',
    '-html-': '<b>B</b> <a href="https://v.example/?a=1&amp;b=2">v</a> [name]',
    link: 'https://l.example/?a=1&b=2',
    bad: 'javascript:alert(1)',
    half: 'java',
    q: 'a b&c/d',
    color: 'red',
    text: 'a\nb',
    host: 'evil.example/',
    empty: '',
    site: 'x.example',
    '%word%': 'W',
  };

  test.each([
    ['<p>[name]</p>', '<p>&quot;&gt;&lt;script&gt;&#39;x</p>'],
    [
      '<p>{{name}} {{{html}}} -html-</p>',
      `<p>&quot;&gt;&lt;script&gt;&#39;x <b>B</b> <b>B</b> <a href="${tracked(101, 'https://v.example/?a=1&b=2')}">v</a> [name]</p>`,
    ],
    ['<p>[nothing] [nothing|a & b]</p>', '<p>[nothing] a &amp; b</p>'],
    ['<p>[text]</p>', '<p>a\r\nb</p>'],
    ['<p title="[name]">', '<p title="&quot;&gt;&lt;script&gt;&#39;x">'],
    ['<p title="-name-">', '<p title="&quot;&gt;&lt;script&gt;&#39;x">'],
    ["<p title='[name]'>", "<p title='&quot;&gt;&lt;script&gt;&#39;x'>"],
    ['<p title=[q] class=k>', '<p title=a&#32;b&amp;c/d class=k>'],
    ['<p title=[empty] class=k>', '<p title=&#32; class=k>'],
    ['<p style="color:{{color}};background:-name-">', '<p style="color:red;background:">'],
    ['<style>a[name]{color:{{color}}} b{x:-name-}</style>', '<style>a[name]{color:red} b{x:}</style>'],
    [
      '<title>[name] -html-</title>',
      '<title>&quot;&gt;&lt;script&gt;&#39;x &lt;b&gt;B&lt;/b&gt; &lt;a href=&quot;https://v.example/?a=1&amp;amp;b=2&quot;&gt;v&lt;/a&gt; [name]</title>',
    ],
    ['<script>x = "[name]"</script>', '<script>x = "[name]"</script>'],
    [
      '<script type="application/ld+json">{"a":"[name]"}</script>',
      String.raw`<script type="application/ld+json">{"a":"\"\u003e\u003cscript\u003e'x"}</script>`,
    ],
    [
      '<xmp>[name]</xmp><iframe>[name]</iframe><!-- [name] -->',
      '<xmp>[name]</xmp><iframe>[name]</iframe><!-- [name] -->',
    ],
    [
      '<!--[if mso]>[q]<p title="[q]"><![endif]-->',
      '<!--[if mso]>a b&amp;c/d<p title="a b&amp;c/d"><![endif]-->',
    ],
    [
      '<p onclick="x(\'[name]\')"><iframe srcdoc="[name]">',
      '<p onclick="x(\'[name]\')"><iframe srcdoc="[name]">',
    ],
    [
      '<img src="https://i.example/[q]?x=[q]&y=é">',
      '<img src="https://i.example/a%20b%26c/d?x=a%20b%26c%2Fd&y=é">',
    ],
    ['<img src="[link]">', '<img src="https://l.example/?a=1&amp;b=2">'],
    ['<img src="[bad]"><img src="[half]script:x">', '<img src="#"><img src="#">'],
    ['<img src=[empty] alt=x>', '<img src=&#32; alt=x>'],
    ['<a href="[link]">t</a>', `<a href="${tracked(1, 'https://l.example/?a=1&b=2')}">t</a>`],
    ['<a href=[link]>t</a>', `<a href=${tracked(1, 'https://l.example/?a=1&b=2')}>t</a>`],
    ['<a href="[bad]">t</a><a href="[half]script:alert(1)">t</a>', '<a href="#">t</a><a href="#">t</a>'],
    ['<a href=" [bad]">t</a><a href="{{{bad}}}">t</a>', '<a href="#">t</a><a href="#">t</a>'],
    ['<a href="https://[host]shop.example/">t</a>', '<a href="https://evil.example%2Fshop.example/">t</a>'],
    [
      '<a href="https://x.example/?q=[q]&amp;r=2">t</a>',
      `<a href="${tracked(1, 'https://x.example/?q=a%20b%26c%2Fd&r=2')}">t</a>`,
    ],
    [
      '<a href="https://x.example/?filter[name]=[q]&f[q][]=1">t</a>',
      `<a href="${tracked(1, 'https://x.example/?filter[name]=a%20b%26c%2Fd&f[q][]=1')}">t</a>`,
    ],
    ['<a href="mailto:?subject=[q]">t</a>', '<a href="mailto:?subject=a%20b%26c%2Fd">t</a>'],
    ['<a href="myapp://reset?q=[q]">t</a>', '<a href="myapp://reset?q=a%20b%26c%2Fd">t</a>'],
    ['<a href="javascript:x([q])">t</a>', '<a href="#">t</a>'],
    ['<a href="[nothing]">t</a>', '<a href="[nothing]">t</a>'],
    ['<a href="[site]">t</a>', '<a href="x.example">t</a>'],
    ['<a href="[link]">[site]</a>', '<a href="https://l.example/?a=1&amp;b=2">x.example</a>'],
    [
      '<a href="https://x.example/">[site]</a> <a href="https://x.example/">[q]</a>',
      `<a href="https://x.example/">x.example</a> <a href="${tracked(2, 'https://x.example/')}">a b&amp;c/d</a>`,
    ],
    ['<a href="https://x.example/%%word%%">t</a>', `<a href="${tracked(1, 'https://x.example/%W%')}">t</a>`],
  ])('%s', (html, want) => expect(filledHtml(html, given)).toBe(want));

  test('without click tracking a link still has its tags filled', () => {
    const html = '<a href="https://x.example/?q=[q]&amp;r=2">t</a><a href="https://y.example/">t</a>';
    expect(filledHtml(html, given, { clicks: false })).toBe(
      '<a href="https://x.example/?q=a%20b%26c%2Fd&amp;r=2">t</a><a href="https://y.example/">t</a>',
    );
  });
});
